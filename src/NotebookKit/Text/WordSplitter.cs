using System.Globalization;
using System.Text;

namespace NotebookKit.Text;

/// <summary>
/// Cuts lower-case text into the words that byte-pair encoding works on, by CLIP's pattern
/// <c>'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+</c>: an English ending, a run of letters, ONE digit,
/// or a run of anything else; whitespace only separates. Scanned by code point, because .NET's regular expressions
/// see half of a character beyond U+FFFF and take it for punctuation.
/// </summary>
internal static class WordSplitter
{
    private enum Kind
    {
        Space,
        Letter,
        Number,
        Other,
    }

    private static readonly string[] Endings = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    /// <summary>The words in order.</summary>
    public static IEnumerable<string> Split(string text)
    {
        var at = 0;
        while (at < text.Length)
        {
            var ending = Ending(text, at);
            if (ending is not null)
            {
                yield return ending;
                at += ending.Length;
                continue;
            }

            var (kind, length) = KindAt(text, at);
            var end = at + length;
            while (kind is Kind.Letter or Kind.Other && end < text.Length)
            {
                var (next, nextLength) = KindAt(text, end);
                if (next != kind)
                    break;
                end += nextLength;
            }

            if (kind != Kind.Space)
                yield return text[at..end];
            at = end;
        }
    }

    private static string? Ending(string text, int at)
    {
        foreach (var ending in Endings)
        {
            if (string.CompareOrdinal(text, at, ending, 0, ending.Length) == 0)
                return ending;
        }

        return null;
    }

    private static (Kind Kind, int Length) KindAt(string text, int at)
    {
        // A lone surrogate reads as U+FFFD, which is what UTF-8 will write for it.
        if (!Rune.TryGetRuneAt(text, at, out var rune))
            return (Kind.Other, 1);
        if (Rune.IsWhiteSpace(rune))
            return (Kind.Space, rune.Utf16SequenceLength);
        var kind = Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Kind.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
            _ => Kind.Other,
        };
        return (kind, rune.Utf16SequenceLength);
    }
}
