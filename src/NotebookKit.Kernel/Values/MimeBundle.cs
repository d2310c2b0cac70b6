using System.Text.Json;
using System.Text.Json.Nodes;

namespace NotebookKit.Kernel.Values;

/// <summary>One value in several forms, by MIME type; the front end picks.</summary>
internal static class MimeBundle
{
    /// <summary>As the protocol wants it: JSON types as JSON, everything else (base64 for binary types) as text.</summary>
    public static JsonObject ToJson(IReadOnlyDictionary<string, string> bundle)
    {
        var json = new JsonObject();
        foreach (var (mime, text) in bundle)
            json[mime] = mime == "application/json" || mime.EndsWith("+json", StringComparison.Ordinal) ? Parse(text) : text;
        return json;
    }

    private static JsonNode? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return text;
        }
    }
}
