using System.Buffers.Binary;
using System.Text.Json;

namespace NotebookKit.Charts;

/// <summary>Reading JSON that may hold anything: a value of another type than asked for counts as missing.</summary>
internal static class JsonValues
{
    // Beyond it, sums and differences of two values would overflow.
    private const double Largest = 1e300;

    public static JsonElement Field(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    public static IEnumerable<JsonElement> Items(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : [];

    public static string? Text(this JsonElement element) => element.ValueKind == JsonValueKind.String ? element.GetString() : null;

    public static double? Number(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out var value) ? Math.Clamp(value, -Largest, Largest) : null;

    /// <summary>An array's numbers, NaN where there is none; also Plotly's packed form, <c>{"dtype": "f8", "bdata": "…"}</c>.</summary>
    public static List<double> Numbers(this JsonElement element)
    {
        if (element.Field("bdata") is not { ValueKind: JsonValueKind.String } packed || !packed.TryGetBytesFromBase64(out var bytes))
            return [.. element.Items().Select(item => item.Number() ?? double.NaN)];
        var size = element.Field("dtype").Text() switch { "f8" => 8, "f4" or "i4" => 4, _ => 0 };
        return size == 0 ? [] : [.. Enumerable.Range(0, bytes.Length / size)
            .Select(i => Unpack(bytes.AsSpan(i * size, size), element.Field("dtype").Text()!))];
    }

    private static double Unpack(ReadOnlySpan<byte> bytes, string type) => type switch
    {
        "f8" => Math.Clamp(BinaryPrimitives.ReadDoubleLittleEndian(bytes), -Largest, Largest),
        "f4" => BinaryPrimitives.ReadSingleLittleEndian(bytes),
        _ => BinaryPrimitives.ReadInt32LittleEndian(bytes),
    };
}
