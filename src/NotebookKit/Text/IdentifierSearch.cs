namespace NotebookKit.Text;

/// <summary>Looks for words that would serve as the name of a new subject.</summary>
public static class IdentifierSearch
{
    private const string Consonants = "bcdfghjklmnpqrstvwxz";
    private static readonly string[] Rude = ["fck"]; // the one in the vocabulary's last tenth

    /// <summary>
    /// New words of three consonants that come out as two tokens: nobody wrote them, so the model has read nothing about them.
    /// Those with the rarest piece come first, one for each piece.
    /// </summary>
    /// <param name="count">How many to find at most.</param>
    /// <param name="className">The class that they will stand before, or null.</param>
    /// <param name="tokenizer">The tokenizer; the installed one where null.</param>
    public static IReadOnlyList<IdentifierRarity> NewWords(int count, string? className = null, ClipTokenizer? tokenizer = null)
    {
        var words = from first in Consonants
                    from second in Consonants
                    from third in Consonants
                    where first != second && second != third
                    select string.Concat(first, second, third);
        return Best(words, 2, count, className, tokenizer ?? ClipTokenizer.Default);
    }

    /// <summary>
    /// Single tokens of three or four letters without a vowel among the vocabulary's rarest, as the DreamBooth paper picks its
    /// identifiers (Ruiz et al. 2022, section 3.2). They come from text that the model has read, so some are abbreviations that
    /// it knows: draw them before you take one.
    /// </summary>
    /// <param name="count">How many to find at most.</param>
    /// <param name="className">The class that they will stand before, or null.</param>
    /// <param name="tokenizer">The tokenizer; the installed one where null.</param>
    public static IReadOnlyList<IdentifierRarity> SingleTokens(int count, string? className = null, ClipTokenizer? tokenizer = null)
    {
        tokenizer ??= ClipTokenizer.Default;
        var words = Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.TokenOf)
            .Where(token => token.EndsWith(ClipVocabulary.EndOfWord, StringComparison.Ordinal))
            .Select(token => token[..^ClipVocabulary.EndOfWord.Length])
            .Where(word => word.Length is 3 or 4 && word.All(Consonants.Contains) && word.Distinct().Count() > 1 && !Rude.Contains(word));
        return Best(words, 1, count, className, tokenizer);
    }

    private static List<IdentifierRarity> Best(IEnumerable<string> words, int tokens, int count, string? className, ClipTokenizer tokenizer)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return [.. words.Select(word => IdentifierRarity.Of(word, className, tokenizer))
            .Where(word => word.Ids.Count == tokens && word.Verdict == IdentifierVerdict.Good)
            .OrderByDescending(word => word.Ranks.Min()) // a single letter has no rank and says nothing
            .ThenBy(word => word.Word, StringComparer.Ordinal)
            .DistinctBy(word => word.Ranks.Min())
            .Take(count)];
    }
}
