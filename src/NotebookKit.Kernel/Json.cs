using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NotebookKit.Kernel;

/// <summary>How the kernel writes JSON.</summary>
internal static class Json
{
    public static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static readonly JsonSerializerOptions Indented = new(Compact) { WriteIndented = true };

    public static readonly byte[] Empty = "{}"u8.ToArray();

    public static byte[] Bytes(JsonNode node) => JsonSerializer.SerializeToUtf8Bytes(node, Compact);

    public static string? Text(this JsonObject json, string key) =>
        json[key] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public static bool Flag(this JsonObject json, string key, bool otherwise) =>
        json[key] is JsonValue value && value.TryGetValue<bool>(out var flag) ? flag : otherwise;

    public static int Number(this JsonObject json, string key, int otherwise) =>
        json[key] is JsonValue value && value.TryGetValue<int>(out var number) ? number : otherwise;
}
