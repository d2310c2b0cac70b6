using System.Text.Json;
using System.Text.Json.Nodes;
using NotebookKit.Notebooks.Engine;

namespace NotebookKit.Notebooks.Files;

/// <summary>Texts of nbformat: one string, or a list of lines.</summary>
internal static class NotebookText
{
    public static string Join(JsonNode? node) => node switch
    {
        JsonArray lines => string.Concat(lines.Select(line => (string?)line)),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => (string)value!,
        _ => "",
    };

    public static JsonArray Lines(string text)
    {
        var lines = new JsonArray();
        for (var at = 0; at < text.Length;)
        {
            var end = text.IndexOf('\n', at) is >= 0 and var found ? found + 1 : text.Length;
            lines.Add(text[at..end]);
            at = end;
        }

        return lines;
    }

    /// <summary>A value's forms: JSON as JSON, pictures as one string, all else in lines.</summary>
    public static JsonObject Bundle(IReadOnlyDictionary<string, string> forms, bool lines = true)
    {
        var bundle = new JsonObject();
        foreach (var (mime, form) in forms)
            bundle[mime] = mime == "application/json" || mime.EndsWith("+json", StringComparison.Ordinal) ? JsonNode.Parse(form)
                : lines && !IsBinary(mime) ? Lines(form)
                : form;
        return bundle;
    }

    /// <summary>An error as nbformat and the Jupyter protocol both write it.</summary>
    public static JsonObject Error(CellError error) => new()
    {
        ["ename"] = error.Name,
        ["evalue"] = error.Message,
        ["traceback"] = new JsonArray([.. error.Traceback.Select(line => (JsonNode)line)]),
    };

    private static bool IsBinary(string mime) => mime.StartsWith("image/", StringComparison.Ordinal) && mime != "image/svg+xml";
}
