using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NotebookKit.Notebooks;

/// <summary>How messages and notebooks are written as JSON.</summary>
internal static class Json
{
    public static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static readonly JsonSerializerOptions Indented = new(Compact) { WriteIndented = true };

    /// <summary>As nbformat's own tools write: one blank of indent.</summary>
    public static readonly JsonSerializerOptions Notebook = new(Indented) { IndentSize = 1, NewLine = "\n" };

    public static readonly byte[] Empty = "{}"u8.ToArray();

    public static byte[] Bytes(JsonNode node) => JsonSerializer.SerializeToUtf8Bytes(node, Compact);

    public static string? Text(this JsonObject json, string key) =>
        json[key] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public static bool Flag(this JsonObject json, string key, bool otherwise) =>
        json[key] is JsonValue value && value.TryGetValue<bool>(out var flag) ? flag : otherwise;

    public static int Number(this JsonObject json, string key, int otherwise) =>
        json[key] is JsonValue value && value.TryGetValue<int>(out var number) ? number : otherwise;
}
