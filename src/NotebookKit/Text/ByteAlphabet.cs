using System.Text;

namespace NotebookKit.Text;

/// <summary>
/// The 256 visible characters that stand for the 256 bytes in a byte-level vocabulary (Radford et al. 2019, GPT-2):
/// printable Latin-1 characters stand for themselves, every other byte for a character from U+0100 on.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] Letters = new char[256];
    private static readonly Dictionary<char, byte> Bytes = [];

    static ByteAlphabet()
    {
        var order = new List<char>();
        for (var b = 0; b < 256; b++)
        {
            if (b is (>= 33 and <= 126) or (>= 161 and <= 172) or (>= 174 and <= 255))
            {
                Letters[b] = (char)b;
                order.Add((char)b);
            }
        }

        var next = '\u0100';
        for (var b = 0; b < 256; b++)
        {
            if (Letters[b] != '\0')
                continue;
            Letters[b] = next++;
            order.Add(Letters[b]);
        }

        for (var b = 0; b < 256; b++)
            Bytes[Letters[b]] = (byte)b;
        InIdOrder = order;
    }

    /// <summary>The 256 characters in the order of their token ids: the printable ones first.</summary>
    public static IReadOnlyList<char> InIdOrder { get; }

    /// <summary>The UTF-8 bytes of the text, one character of the alphabet each.</summary>
    public static string Spell(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        return string.Create(utf8.Length, utf8, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = Letters[source[i]];
        });
    }

    /// <summary>The text that an alphabet string spells; bytes that are no UTF-8 become U+FFFD.</summary>
    public static string Read(string spelled)
    {
        var utf8 = new byte[spelled.Length];
        for (var i = 0; i < spelled.Length; i++)
            utf8[i] = Bytes[spelled[i]];
        return Encoding.UTF8.GetString(utf8);
    }
}
