using System.Globalization;
using System.Text;

namespace NotebookKit.Text;

/// <summary>
/// Unicode normalization form C (Unicode Standard Annex 15): "e" + U+0301 becomes "é". Written out here because
/// <see cref="string.Normalize()"/> leaves text untouched where the process runs without ICU, and a caption must get
/// the same tokens on every machine. The data is that of Unicode 14.0.
/// </summary>
internal static class UnicodeNfc
{
    // Hangul syllables are composed by arithmetic, not by table (Unicode Standard, section 3.12).
    private const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    private const int LeadCount = 19, VowelCount = 21, TrailCount = 28;

    private static readonly Dictionary<int, int[]> Decompositions = [];
    private static readonly Dictionary<(int, int), int> Compositions = [];
    private static readonly Dictionary<int, byte> Classes = [];

    static UnicodeNfc()
    {
        using var stream = typeof(UnicodeNfc).Assembly.GetManifestResourceStream("NotebookKit.Text.unicode-nfc.txt")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
                continue;
            var fields = line.Split(' ');
            if (fields[0].Contains('-'))
            {
                var range = fields[0].Split('-');
                for (var code = Hex(range[0]); code <= Hex(range[1]); code++)
                    Classes[code] = byte.Parse(fields[1], CultureInfo.InvariantCulture);
                continue;
            }

            var neverComposed = fields[0].StartsWith('!');
            var composed = Hex(neverComposed ? fields[0][1..] : fields[0]);
            var parts = fields[1..].Select(Hex).ToArray();
            Decompositions[composed] = parts;
            if (!neverComposed)
                Compositions[(parts[0], parts[1])] = composed;
        }
    }

    /// <summary>The text in form C. Text below U+0300 is in that form already and comes back as it is.</summary>
    public static string Normalize(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\u0300', '\uFFFF') < 0)
            return text;

        var codes = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
            Decompose(rune.Value, codes);
        Reorder(codes);
        Compose(codes);

        var result = new StringBuilder(codes.Count);
        foreach (var code in codes)
            result.Append(new Rune(code).ToString());
        return result.ToString();
    }

    private static void Decompose(int code, List<int> into)
    {
        var syllable = code - SyllableBase;
        if (syllable is >= 0 and < LeadCount * VowelCount * TrailCount)
        {
            into.Add(LeadBase + syllable / (VowelCount * TrailCount));
            into.Add(VowelBase + syllable % (VowelCount * TrailCount) / TrailCount);
            if (syllable % TrailCount != 0)
                into.Add(TrailBase + syllable % TrailCount);
        }
        else if (Decompositions.TryGetValue(code, out var parts))
        {
            foreach (var part in parts)
                Decompose(part, into);
        }
        else
        {
            into.Add(code);
        }
    }

    /// <summary>Marks that follow one letter are sorted by class; marks of one class keep their order.</summary>
    private static void Reorder(List<int> codes)
    {
        for (var start = 0; start < codes.Count; start++)
        {
            var end = start;
            while (end < codes.Count && ClassOf(codes[end]) != 0)
                end++;
            if (end - start > 1)
            {
                var sorted = codes.GetRange(start, end - start).OrderBy(ClassOf).ToList(); // OrderBy is stable
                for (var i = 0; i < sorted.Count; i++)
                    codes[start + i] = sorted[i];
            }

            start = end;
        }
    }

    private static void Compose(List<int> codes)
    {
        var starter = -1;
        var lastClass = 0;
        var kept = 0;
        for (var i = 0; i < codes.Count; i++)
        {
            var code = codes[i];
            var combiningClass = ClassOf(code);
            var blocked = kept > starter + 1 && lastClass >= combiningClass;
            if (starter >= 0 && !blocked && Pair(codes[starter], code) is { } composed)
            {
                codes[starter] = composed;
                continue;
            }

            if (combiningClass == 0)
                starter = kept;
            lastClass = combiningClass;
            codes[kept++] = code;
        }

        codes.RemoveRange(kept, codes.Count - kept);
    }

    private static int? Pair(int first, int second)
    {
        int lead = first - LeadBase, vowel = second - VowelBase;
        if (lead is >= 0 and < LeadCount && vowel is >= 0 and < VowelCount)
            return SyllableBase + (lead * VowelCount + vowel) * TrailCount;
        int syllable = first - SyllableBase, trail = second - TrailBase;
        if (syllable is >= 0 and < LeadCount * VowelCount * TrailCount && syllable % TrailCount == 0 && trail is > 0 and < TrailCount)
            return first + trail;
        return Compositions.TryGetValue((first, second), out var composed) ? composed : null;
    }

    private static int ClassOf(int code) => Classes.GetValueOrDefault(code);

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
