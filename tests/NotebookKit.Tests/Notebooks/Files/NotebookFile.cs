using System.Text.Json;
using System.Text.Json.Nodes;

namespace NotebookKit.Tests.Notebooks.Files;

/// <summary>A notebook as it lies on disk, with what the claims about notebooks ask for.</summary>
internal sealed class NotebookFile(string path)
{
    private readonly JsonNode _root = JsonNode.Parse(File.ReadAllText(path))!;

    public static string Folder => Path.Combine(House.Root, "notebooks");

    /// <summary>The course's notebooks by file name, as the theories take them.</summary>
    public static TheoryData<string> Course() =>
        new((Directory.Exists(Folder) ? Directory.GetFiles(Folder, "*.ipynb") : []).Select(file => Path.GetFileName(file)!)
            .Order(StringComparer.Ordinal));

    public static NotebookFile Load(string name) => new(Path.Combine(Folder, name));

    public string Name { get; } = Path.GetFileName(path);

    public string Kernel => (string)_root["metadata"]!["kernelspec"]!["name"]!;

    public (int Major, int Minor) Format => ((int)_root["nbformat"]!, (int)_root["nbformat_minor"]!);

    public IReadOnlyList<JsonNode> Cells => [.. _root["cells"]!.AsArray().Select(cell => cell!)];

    public IEnumerable<JsonNode> CodeCells => Cells.Where(cell => (string)cell["cell_type"]! == "code");

    public IEnumerable<JsonNode> Outputs => CodeCells.SelectMany(cell => cell["outputs"]!.AsArray().Select(output => output!));

    public IEnumerable<JsonNode> Errors => Outputs.Where(output => (string)output["output_type"]! == "error");

    /// <summary>Every relative link or picture in the prose, without its fragment.</summary>
    public IEnumerable<string> RelativeLinks() =>
        from cell in Cells
        where (string)cell["cell_type"]! == "markdown"
        from System.Text.RegularExpressions.Match match in Patterns.Link().Matches(Text(cell["source"]))
        let link = match.Groups["link"].Value.Split('#')[0]
        where link.Length > 0 && !Patterns.Scheme().IsMatch(link)
        select Uri.UnescapeDataString(link);

    /// <summary>A multi-line string of nbformat: one string, or a list of lines.</summary>
    public static string Text(JsonNode? node) => node switch
    {
        JsonArray lines => string.Concat(lines.Select(line => (string)line!)),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => (string)value!,
        null => "",
        _ => node.ToJsonString(),
    };

    /// <summary>What a cell's code is, short enough for a failure's message.</summary>
    public static string Beginning(JsonNode cell)
    {
        var source = Text(cell["source"]);
        return source.Length <= 60 ? source : source[..60] + " …";
    }
}
