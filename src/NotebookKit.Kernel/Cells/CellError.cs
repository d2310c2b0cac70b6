using System.Text.Json.Nodes;

namespace NotebookKit.Kernel.Cells;

/// <summary>What went wrong in a cell, as Jupyter shows it.</summary>
/// <param name="Name">The exception's type, short.</param>
/// <param name="Message">Its message.</param>
/// <param name="Traceback">The lines that the reader sees, coloured by ANSI codes.</param>
internal sealed record CellError(string Name, string Message, IReadOnlyList<string> Traceback)
{
    public JsonObject ToJson() => new()
    {
        ["ename"] = Name,
        ["evalue"] = Message,
        ["traceback"] = new JsonArray([.. Traceback.Select(line => (JsonNode)line)]),
    };
}
