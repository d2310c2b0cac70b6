using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;
using NotebookKit.Notebooks.Engine;
using NotebookKit.Notebooks.Files;

namespace NotebookKit.Notebooks.Jupyter;

/// <summary>What front ends ask about cells: run one, complete, inspect, and the small talk of the protocol.</summary>
internal sealed class KernelRequests
{
    private const int LongestHistory = 1000;

    private readonly IoPub _iopub;
    private readonly KernelInput _input;
    private readonly List<(int Number, string Code)> _history = [];
    // Built while Jupyter is still shaking hands.
    private readonly Task<NotebookEngine> _engine = Task.Run(() => new NotebookEngine());
    private volatile bool _interrupted;

    public KernelRequests(IoPub iopub, RequestChannel stdin)
    {
        _iopub = iopub;
        _input = new KernelInput(stdin) { Interrupted = () => _interrupted };
    }

    /// <summary>How many cells have run.</summary>
    public int Count { get; private set; }

    private NotebookEngine Engine => _engine.GetAwaiter().GetResult();

    public void Interrupt()
    {
        _interrupted = true;
        if (_engine.IsCompletedSuccessfully)
            Engine.Interrupt();
    }

    /// <summary>Runs a cell and broadcasts what it yields.</summary>
    /// <returns>The content of the reply.</returns>
    public async Task<JsonObject> ExecuteAsync(Message request)
    {
        var silent = request.Content.Flag("silent", false);
        var code = request.Content.Text("code") ?? "";
        if (!silent && request.Content.Flag("store_history", true))
        {
            Count++;
            _history.Add((Count, code));
            if (_history.Count > LongestHistory)
                _history.RemoveAt(0);
        }

        if (!silent)
            _iopub.Post("execute_input", new JsonObject { ["code"] = code, ["execution_count"] = Count }, request);
        var engine = await _engine.ConfigureAwait(false);
        engine.Ask = _input.Ask;
        _interrupted = false;
        _input.Cell = request.Content.Flag("allow_stdin", false) ? request : null;
        Console.SetIn(_input);
        var error = await engine.RunAsync(code, Count, yielded => Broadcast(yielded, request, silent)).ConfigureAwait(false);
        var reply = new JsonObject
        {
            ["status"] = "ok",
            ["execution_count"] = Count,
            ["user_expressions"] = new JsonObject(),
            ["payload"] = new JsonArray()
        };
        if (error is null)
            return reply;
        if (!silent)
            _iopub.Post("error", NotebookText.Error(error), request);
        return Failed(error);
    }

    /// <summary>The reply to a cell that failed.</summary>
    public JsonObject Failed(CellError error)
    {
        var reply = NotebookText.Error(error);
        reply["status"] = "error";
        reply["execution_count"] = Count;
        return reply;
    }

    /// <summary>Answers a request that runs nothing.</summary>
    /// <returns>The content of the reply; null when there is none to send.</returns>
    public JsonObject? Answer(Message request)
    {
        var content = request.Content;
        var code = content.Text("code") ?? "";
        switch (request.Type)
        {
            case "kernel_info_request":
                return KernelInfo();
            case "is_complete_request":
                return IsComplete(code);
            case "complete_request":
                return Complete(code, CursorText.ToUtf16(code, content.Number("cursor_pos", 0)));
            case "inspect_request":
                return Inspect(code, CursorText.ToUtf16(code, content.Number("cursor_pos", 0)));
            case "history_request":
                return new JsonObject
                {
                    ["status"] = "ok",
                    ["history"] = new JsonArray([.. _history.TakeLast(content.Number("n", LongestHistory))
                        .Select(cell => (JsonNode)new JsonArray(0, cell.Number, cell.Code))])
                };
            case "comm_info_request":
                return new JsonObject { ["status"] = "ok", ["comms"] = new JsonObject() };
            case "comm_open":
                // Nobody here takes comms: the protocol's answer is to close.
                _iopub.Post("comm_close", new JsonObject { ["comm_id"] = content.Text("comm_id"), ["data"] = new JsonObject() }, request);
                return null;
            default:
                return null;
        }
    }

    private void Broadcast(CellYield yielded, Message request, bool silent)
    {
        switch (yielded)
        {
            case Printed printed:
                _iopub.Print(printed.Stream, printed.Text, request);
                break;
            case Displayed shown:
                _iopub.Post("display_data", Shown(shown.Data, shown.Id), request);
                break;
            case Updated updated:
                _iopub.Post("update_display_data", Shown(updated.Data, updated.Id), request);
                break;
            case Returned returned when !silent:
                _iopub.Post("execute_result", new JsonObject
                {
                    ["execution_count"] = Count,
                    ["data"] = NotebookText.Bundle(returned.Data, lines: false),
                    ["metadata"] = new JsonObject()
                }, request);
                break;
        }
    }

    private static JsonObject Shown(IReadOnlyDictionary<string, string> forms, string? id) => new()
    {
        ["data"] = NotebookText.Bundle(forms, lines: false),
        ["metadata"] = new JsonObject(),
        ["transient"] = id is null ? [] : new JsonObject { ["display_id"] = id },
    };

    private JsonObject Complete(string code, int cursor)
    {
        var found = Engine.CompleteAsync(code, At(code, cursor)).GetAwaiter().GetResult();
        var start = cursor;
        while (start > 0 && (char.IsLetterOrDigit(code[start - 1]) || code[start - 1] == '_'))
            start--;
        var typed = code[start..cursor];
        var matches = (found?.Completions ?? []).Select(item => item.InsertTextFormat is null ? item.InsertText ?? item.DisplayText
            : item.DisplayText).Select(text => text.EndsWith("<>", StringComparison.Ordinal) ? text[..^2] : text)
            .Where(text => text.StartsWith(typed, StringComparison.OrdinalIgnoreCase)).Distinct();
        return new JsonObject
        {
            ["status"] = "ok",
            ["matches"] = new JsonArray([.. matches.Select(match => (JsonNode)match)]),
            ["cursor_start"] = CursorText.ToCodePoints(code, start),
            ["cursor_end"] = CursorText.ToCodePoints(code, cursor),
            ["metadata"] = new JsonObject(),
        };
    }

    private JsonObject Inspect(string code, int cursor)
    {
        var found = Engine.HoverAsync(code, At(code, cursor)).GetAwaiter().GetResult();
        var data = new JsonObject();
        foreach (var form in found?.Content ?? [])
            data[form.MimeType] = form.Value;
        if (data["text/markdown"] is JsonValue markdown && data["text/plain"] is null)
            data["text/plain"] = (string)markdown!;
        return new JsonObject { ["status"] = "ok", ["found"] = data.Count > 0, ["data"] = data, ["metadata"] = new JsonObject() };
    }

    private static Microsoft.DotNet.Interactive.LinePosition At(string code, int cursor)
    {
        var place = SourceText.From(code).Lines.GetLinePosition(Math.Clamp(cursor, 0, code.Length));
        return new Microsoft.DotNet.Interactive.LinePosition(place.Line, place.Character);
    }

    private static JsonObject KernelInfo() => new()
    {
        ["status"] = "ok",
        ["protocol_version"] = Message.ProtocolVersion,
        ["implementation"] = "NotebookKit",
        ["implementation_version"] = Assembly.GetExecutingAssembly().GetName().Version?.ToString(3),
        ["language_info"] = new JsonObject
        {
            ["name"] = "C#",
            ["version"] = LanguageVersion.Latest.MapSpecifiedToEffectiveVersion().ToDisplayString(),
            ["mimetype"] = "text/x-csharp",
            ["file_extension"] = ".cs",
            ["pygments_lexer"] = "csharp",
            ["codemirror_mode"] = "text/x-csharp",
        },
        ["banner"] = $"C# on .NET {Environment.Version}",
        ["help_links"] = new JsonArray(),
    };

    private static JsonObject IsComplete(string code)
    {
        var tree = CSharpSyntaxTree.ParseText(code, CSharpParseOptions.Default.WithKind(SourceCodeKind.Script));
        if (!SyntaxFactory.IsCompleteSubmission(tree))
            return new JsonObject { ["status"] = "incomplete", ["indent"] = "" };
        return new JsonObject
        {
            ["status"] = tree.GetDiagnostics().Any(d => d.Severity == Microsoft.CodeAnalysis.DiagnosticSeverity.Error)
            ? "invalid" : "complete"
        };
    }
}
