using System.Collections;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NotebookKit.Models;

/// <summary>
/// A whole number for each level of a UNet, which a <c>config.json</c> writes either once for all (<c>8</c>, as SD 1.5)
/// or as a list (<c>[5, 10, 20, 20]</c>, as SD 2).
/// </summary>
[JsonConverter(typeof(Converter))]
[CollectionBuilder(typeof(PerLevel), nameof(Create))]
public readonly struct PerLevel : IEnumerable<int>, IEquatable<PerLevel>
{
    private readonly int[] _values;

    private PerLevel(int[] values) => this._values = values;

    /// <summary>How many numbers were given: 1 for all levels alike.</summary>
    public int Count => _values?.Length ?? 0;

    /// <summary>The number of a level.</summary>
    /// <param name="level">0 at full resolution.</param>
    public int this[int level] => _values.Length == 1 ? _values[0] : _values[level];

    /// <summary>One number for every level.</summary>
    /// <param name="value">The number.</param>
    public static implicit operator PerLevel(int value) => new([value]);

    /// <summary>A list with one number per level.</summary>
    /// <param name="values">The numbers, from full resolution down.</param>
    public static PerLevel Create(ReadOnlySpan<int> values) => new(values.ToArray());

    /// <inheritdoc/>
    public bool Equals(PerLevel other) => (_values ?? []).AsSpan().SequenceEqual(other._values ?? []);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is PerLevel other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _values is null ? 0 : HashCode.Combine(_values.Length, _values[0]);

    /// <inheritdoc/>
    public override string ToString() => Count == 1 ? $"{_values[0]}" : $"[{string.Join(", ", _values ?? [])}]";

    /// <inheritdoc/>
    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)(_values ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Equal numbers, written alike.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(PerLevel left, PerLevel right) => left.Equals(right);

    /// <summary>Not equal.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(PerLevel left, PerLevel right) => !left.Equals(right);

    private sealed class Converter : JsonConverter<PerLevel>
    {
        public override PerLevel Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.StartArray)
                return Number(ref reader);
            var list = new List<int>();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                list.Add(Number(ref reader));
            return list.Count > 0 ? new PerLevel([.. list]) : throw new JsonException();
        }

        public override void Write(Utf8JsonWriter writer, PerLevel value, JsonSerializerOptions options)
        {
            if (value.Count == 1)
                writer.WriteNumberValue(value[0]);
            else
                JsonSerializer.Serialize(writer, value._values, options);
        }

        // A JsonException without a message is filled in with the path of the field.
        private static int Number(ref Utf8JsonReader reader) =>
            reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number) ? number : throw new JsonException();
    }
}
