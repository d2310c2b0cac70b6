using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NotebookKit.Kernel.Values;
using NotebookKit.Kernel.Wire;

namespace NotebookKit.Kernel.Cells;

/// <summary>What front ends ask about cells: run one, complete, inspect, and the small talk of the protocol.</summary>
internal sealed class CellRequests
{
    private readonly IoPub _iopub;
    private readonly CellInput _input;
    private readonly Interruption _interruption;
    private readonly CellSession _session;

    public CellRequests(IoPub iopub, CellInput input, Interruption interruption)
    {
        (_iopub, _input, _interruption) = (iopub, input, interruption);
        RedirectConsole();
        // What libraries need of their host, in types of the runtime alone: they share no assembly with the kernel.
        AppContext.SetData("NotebookKit.Display", (Action<string, IReadOnlyDictionary<string, string>, bool>)Display);
        AppContext.SetData("NotebookKit.Cancel", (Func<CancellationToken>)(() => interruption.Token));
        var globals = new CellGlobals((id, value, update) => Display(id, ValueFormat.Bundle(value), update));
        _session = new CellSession(globals, Environment.CurrentDirectory);
    }

    /// <summary>How many cells have run.</summary>
    public int Count { get; private set; }

    /// <summary>Whether the last cell was stopped so hard that the next one wants another thread.</summary>
    public bool ThreadIsSpent { get; private set; }

    /// <summary>Runs a cell and broadcasts what it yields.</summary>
    /// <returns>The content of the reply.</returns>
    public JsonObject Execute(Message request)
    {
        var silent = request.Content.Flag("silent", false);
        var code = request.Content.Text("code") ?? "";
        if (!silent && request.Content.Flag("store_history", true))
            Count++;
        _iopub.Cell = request;
        _input.Cell = request.Content.Flag("allow_stdin", false) ? request : null;
        if (!silent)
            _iopub.Post("execute_input", new JsonObject { ["code"] = code, ["execution_count"] = Count }, request);

        if (Run(code, request, silent) is { } error)
        {
            if (!silent)
                _iopub.Post("error", error.ToJson(), request);
            var failed = error.ToJson();
            failed["status"] = "error";
            failed["execution_count"] = Count;
            return failed;
        }

        return new JsonObject
        {
            ["status"] = "ok",
            ["execution_count"] = Count,
            ["user_expressions"] = new JsonObject(),
            ["payload"] = new JsonArray(),
        };
    }

    /// <summary>Answers a request that runs nothing.</summary>
    /// <returns>The content of the reply; null when there is none to send.</returns>
    public JsonObject? Simple(Message request)
    {
        var content = request.Content;
        switch (request.Type)
        {
            case "kernel_info_request":
                return KernelInfo();
            case "is_complete_request":
                return IsComplete(content.Text("code") ?? "");
            case "complete_request":
                return Completion.Complete(_session, content.Text("code") ?? "", content.Number("cursor_pos", 0));
            case "inspect_request":
                return Inspection.Inspect(_session, content.Text("code") ?? "", content.Number("cursor_pos", 0));
            case "history_request":
                return new JsonObject { ["status"] = "ok", ["history"] = new JsonArray() };
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

    private CellError? Run(string text, Message request, bool silent)
    {
        ThreadIsSpent = false;
        try
        {
            using var cell = _interruption.Begin();
            var code = CellCode.Parse(text);
            var clock = Stopwatch.StartNew();
            var (value, error) = _session.Run(code.Source, Count, cell);
            ThreadIsSpent = cell.ThreadIsSpent;
            if (ThreadIsSpent)
                RedirectConsole();
            if (error is not null)
                return error;
            if (value is not null && !silent)
            {
                _iopub.Post("execute_result", new JsonObject
                {
                    ["execution_count"] = Count,
                    ["data"] = MimeBundle.ToJson(ValueFormat.Bundle(value)),
                    ["metadata"] = new JsonObject(),
                }, request);
            }

            if (code.Timed)
                _iopub.Print("stdout", string.Create(CultureInfo.InvariantCulture, $"Wall time: {clock.Elapsed.TotalMilliseconds:F1} ms\n"));
            return null;
        }
        catch (CellException problem)
        {
            return _session.Refuse(problem, Count);
        }
        catch (Exception e)
        {
            return _session.Explain(e);
        }
    }

    /// <summary>
    /// Makes cells' <c>Console</c> the front end's. Done anew after a cell was stopped by force: the runtime wraps writers in
    /// a lock, and a thread that was aborted inside never gives it back.
    /// </summary>
    private void RedirectConsole()
    {
        Console.SetOut(new CellOutput(_iopub, "stdout"));
        Console.SetError(new CellOutput(_iopub, "stderr"));
        Console.SetIn(_input);
    }

    private void Display(string id, IReadOnlyDictionary<string, string> bundle, bool update)
    {
        StoppableCell.ThrowIfForced();
        _iopub.Post(update ? "update_display_data" : "display_data", new JsonObject
        {
            ["data"] = MimeBundle.ToJson(bundle),
            ["metadata"] = new JsonObject(),
            ["transient"] = new JsonObject { ["display_id"] = id },
        }, _iopub.Cell);
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
        return new JsonObject { ["status"] = tree.GetDiagnostics().Any(d => d.Severity == DiagnosticSeverity.Error) ? "invalid" : "complete" };
    }
}
