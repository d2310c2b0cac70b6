using System.Globalization;
using System.Text;

namespace NotebookKit.Tests.Fuzzing;

/// <summary>Spoils bytes the way disks, networks and enemies do; the same seed spoils the same way.</summary>
internal sealed class Mutation(int seed)
{
    private static readonly long[] Numbers = [0, 1, 2, 7, 255, 256, 65535, 65536, int.MaxValue, uint.MaxValue, 1L << 40, long.MaxValue, -1,
        long.MinValue];
    private readonly Random _random = new(seed);

    /// <summary>One of these.</summary>
    public T Pick<T>(IReadOnlyList<T> of) => of[_random.Next(of.Count)];

    /// <summary>A number below this one.</summary>
    public int Below(int bound) => _random.Next(bound);

    /// <summary>A spoilt copy, by one to four changes.</summary>
    public byte[] Bytes(byte[] original, byte[]? other = null)
    {
        var bytes = new List<byte>(original);
        for (var changes = 1 + _random.Next(4); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = _random.Next(bytes.Count);
            switch (_random.Next(8))
            {
                case 0: bytes[at] = (byte)_random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << _random.Next(8)); break;
                case 2: bytes.Insert(at, (byte)_random.Next(256)); break;
                case 3: bytes.RemoveRange(at, Math.Min(bytes.Count - at, 1 + _random.Next(16))); break;
                case 4: bytes.RemoveRange(at, bytes.Count - at); break; // cut off
                case 5: Overwrite(bytes, at, BitConverter.GetBytes(Pick(Numbers))[..Pick([1, 2, 4, 8])]); break;
                case 6:
                    bytes.InsertRange(at, bytes.GetRange(_random.Next(bytes.Count), 0)
                    .Concat(bytes.Skip(_random.Next(bytes.Count)).Take(_random.Next(64))).ToArray()); break;
                default:
                    Overwrite(bytes, at,
                    (other ?? original).Skip(_random.Next((other ?? original).Length)).Take(1 + _random.Next(64)).ToArray()); break;
            }
        }

        return [.. bytes];
    }

    /// <summary>A spoilt copy of JSON: numbers, brackets and words change as often as letters do.</summary>
    public string Json(string original)
    {
        if (_random.Next(3) == 0)
            return Encoding.UTF8.GetString(Bytes(Encoding.UTF8.GetBytes(original)));
        var text = new StringBuilder(original);
        for (var changes = 1 + _random.Next(3); changes > 0 && text.Length > 2; changes--)
        {
            var at = _random.Next(text.Length);
            var (start, end) = (at, at);
            while (start > 0 && char.IsLetterOrDigit(text[start - 1]))
                start--;
            while (end < text.Length && char.IsLetterOrDigit(text[end]))
                end++;
            text.Remove(start, Math.Max(end - start, 1));
            text.Insert(start, Pick(
            [
                Pick(Numbers).ToString(CultureInfo.InvariantCulture), "1e999", "NaN", "-Infinity", "null", "true", "[]", "{}", "\"\"",
                "[[[[[[[[", "\\ud800", "0.5", "\"x\"", ",", ":", "",
                new string('9', 400), new string('[', 2000),
            ]));
        }

        return text.ToString();
    }

    private static void Overwrite(List<byte> bytes, int at, byte[] by)
    {
        for (var i = 0; i < by.Length && at + i < bytes.Count; i++)
            bytes[at + i] = by[i];
    }
}
