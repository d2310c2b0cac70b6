using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NotebookKit.Checkpoints;
using NotebookKit.Notebooks.Engine;

namespace NotebookKit.Notebooks.Files;

/// <summary>
/// A notebook in nbformat 4 (nbformat.readthedocs.io), as JSON, so that whatever is not understood stays as it was.
/// Written as Jupyter's tools have it: one blank of indent, keys in order, texts as lists of lines.
/// </summary>
public sealed partial class NotebookDocument
{
    private readonly JsonObject _root;

    private NotebookDocument(JsonObject root, string name)
    {
        (_root, Name) = (root, name);
        Cells = [.. root["cells"]!.AsArray().Select(cell => new NotebookCell(cell!.AsObject()))];
    }

    /// <summary>The file's name without its ending.</summary>
    public string Name { get; }

    /// <summary>Its cells, in order.</summary>
    public IReadOnlyList<NotebookCell> Cells { get; }

    /// <summary>Its cells of code, in order.</summary>
    public IEnumerable<NotebookCell> CodeCells => Cells.Where(cell => cell.IsCode);

    /// <summary>Reads a notebook.</summary>
    /// <exception cref="BadInputException">There is none, or it is no notebook of format 4.</exception>
    public static NotebookDocument Load(string path)
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(File.ReadAllText(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{path}: there is no such notebook, or it may not be read.");
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{path} is no notebook: its JSON breaks off or is wrong in line {e.LineNumber + 1}; take it from "
                + "where it came from again.");
        }

        if (root is not JsonObject notebook || notebook["nbformat"] is not JsonValue format || !format.TryGetValue<int>(out var version))
            throw new BadInputException($"{path} is no notebook: it has no field nbformat.");
        if (version != 4)
            throw new BadInputException($"{path}: nbformat is {version}, and this reads 4; open and save it once in a newer Jupyter.");
        if (notebook["cells"] is not JsonArray cells
            || cells.Any(cell => cell is not JsonObject c || c.Text("cell_type") is null || c["source"] is not (JsonArray or JsonValue)))
            throw new BadInputException($"{path}: the field cells is no list of cells with cell_type and source; take the file from where "
                + "it came from again.");
        return new NotebookDocument(notebook, Path.GetFileNameWithoutExtension(path));
    }

    /// <summary>A copy that can be changed apart.</summary>
    public NotebookDocument Copy() => new((JsonObject)_root.DeepClone(), Name);

    /// <summary>A copy with other cells.</summary>
    internal NotebookDocument With(IEnumerable<NotebookCell> cells)
    {
        var root = (JsonObject)_root.DeepClone();
        root["cells"] = new JsonArray([.. cells.Select(cell => cell.Json())]);
        return new NotebookDocument(root, Name);
    }

    /// <summary>The notebook as a file's text.</summary>
    /// <param name="hidden">A folder of this machine, which becomes "." wherever it is named.</param>
    public string ToText(string? hidden = null)
    {
        (_root["metadata"] as JsonObject)?.Remove("widgets");
        // .NET writes characters beyond the basic plane, and a few others, as numbers; Jupyter's tools don't.
        var text = Numbered().Replace(Sorted(_root)!.ToJsonString(Json.Notebook),
            match => ((char)Convert.ToInt32(match.Groups[1].Value, 16)).ToString()) + "\n";
        return hidden is null ? text : text.Replace(hidden, ".", StringComparison.Ordinal);
    }

    /// <summary>Writes the notebook: beside the target first, then renamed.</summary>
    public void Save(string path, string? hidden = null) => AtomicFile.WriteText(path, ToText(hidden));

    [GeneratedRegex(@"(?<=(?<!\\)(?:\\\\)*)\\u(00[89A-F][0-9A-F]|0[1-9A-F][0-9A-F]{2}|[1-9A-F][0-9A-F]{3})")]
    private static partial Regex Numbered();

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject o => new JsonObject(o.OrderBy(p => p.Key, StringComparer.Ordinal)
            .Select(p => KeyValuePair.Create(p.Key, Sorted(p.Value)))),
        JsonArray a => new JsonArray([.. a.Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}

/// <summary>One cell of a notebook.</summary>
public sealed class NotebookCell
{
    private readonly JsonObject _cell;

    internal NotebookCell(JsonObject cell) => _cell = cell;

    /// <summary>What tells it from the others, as nbformat 4.5 has it; empty in older notebooks.</summary>
    public string Id => _cell.Text("id") ?? "";

    /// <summary>Whether it is code.</summary>
    public bool IsCode => _cell.Text("cell_type") == "code";

    /// <summary>Whether it is Markdown.</summary>
    public bool IsMarkdown => _cell.Text("cell_type") == "markdown";

    /// <summary>Its text.</summary>
    public string Source
    {
        get => NotebookText.Join(_cell["source"]);
        set => _cell["source"] = NotebookText.Lines(value);
    }

    /// <summary>Which engine's kernel runs it, as .NET Interactive's notebooks say it; <c>csharp</c> where nothing is said.</summary>
    public string Language => Of("polyglot_notebook", "kernelName") ?? Of("dotnet_interactive", "language") ?? NotebookEngine.CSharp;

    /// <summary>The number of its run; null before.</summary>
    public int? ExecutionCount
    {
        get => (int?)_cell["execution_count"];
        set => _cell["execution_count"] = value;
    }

    /// <summary>What it yielded, as nbformat has it.</summary>
    public JsonArray Outputs => _cell["outputs"] as JsonArray ?? [];

    /// <summary>A text of its metadata; null where it has none of that name.</summary>
    /// <param name="field">The name.</param>
    public string? Metadata(string field) => (_cell["metadata"] as JsonObject)?.Text(field);

    internal NotebookCell Copy() => new(Json());

    internal JsonObject Json() => (JsonObject)_cell.DeepClone();

    /// <summary>Begins a run: what the cell yielded before is gone.</summary>
    public JsonArray Clear()
    {
        (_cell["metadata"] as JsonObject)?.Remove("execution");
        ExecutionCount = null;
        var outputs = new JsonArray();
        _cell["outputs"] = outputs;
        return outputs;
    }

    /// <summary>Notes when it ran, as nbclient does.</summary>
    internal void Time(DateTime started, DateTime ended)
    {
        if (_cell["metadata"] is not JsonObject metadata)
            _cell["metadata"] = metadata = [];
        metadata["execution"] = new JsonObject
        {
            ["iopub.execute_input"] = started.ToString("O"),
            ["shell.execute_reply"] = ended.ToString("O")
        };
    }

    private string? Of(string group, string key) => (_cell["metadata"]?[group] as JsonObject)?.Text(key);
}
