using System.Text.Json;
using System.Text.Json.Nodes;

namespace NotebookKit.Tests.Notebooks.Files;

/// <summary>Makes notebooks of a few cells.</summary>
internal static class NotebookMaker
{
    /// <summary>A notebook of these cells of C#.</summary>
    public static void Write(string path, params string[] cells) =>
        File.WriteAllText(path, Make([.. cells.Select(code => (code, "csharp"))]).ToJsonString());

    /// <summary>A notebook whose cells name their languages.</summary>
    public static JsonObject Make(params (string Code, string Language)[] cells) => new()
    {
        ["nbformat"] = 4,
        ["nbformat_minor"] = 5,
        ["metadata"] = new JsonObject
        {
            ["kernelspec"] = new JsonObject
            {
                ["name"] = ".net-csharp",
                ["display_name"] = ".NET (C#)",
                ["language"] = "C#"
            }
        },
        ["cells"] = new JsonArray([.. cells.Select((cell, i) => JsonSerializer.SerializeToNode(new
        {
            cell_type = "code",
            id = $"c{i}",
            metadata = new { polyglot_notebook = new { kernelName = cell.Language } },
            source = cell.Code,
            outputs = Array.Empty<object>(),
            execution_count = (int?)null,
        }))]),
    };
}
