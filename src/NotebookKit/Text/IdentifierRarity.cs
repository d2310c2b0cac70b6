
namespace NotebookKit.Text;

/// <summary>How well a word would serve as the name of a new subject.</summary>
public enum IdentifierVerdict
{
    /// <summary>The model ties next to nothing to it.</summary>
    Good,

    /// <summary>It works, with the drawback that the reasons name.</summary>
    Fair,

    /// <summary>The model knows it already; what it knows will fight with the subject.</summary>
    Poor,
}

/// <summary>
/// What the tokenizer alone tells about a candidate identifier ("photo of <b>zwx</b> toy"). DreamBooth (Ruiz et al.
/// 2022, section 3.2) wants a word without a meaning of its own, since the identifier starts from what the base model
/// ties to its tokens.
/// </summary>
/// <param name="Word">The word as it was given.</param>
/// <param name="Ids">Its token ids.</param>
/// <param name="Tokens">Its pieces as the vocabulary spells them.</param>
/// <param name="Ranks">Each piece's merge rank (0 = most frequent, 48,893 = rarest); null for a single letter.</param>
/// <param name="IsSingleToken">Whether it is one token.</param>
/// <param name="IsKnownWord">Whether the vocabulary has it as a whole word and not as a rare leftover.</param>
/// <param name="ContainsClassWord">Whether a class word is somewhere in it.</param>
/// <param name="EndsInClassWord">Whether its end is a class word, like <c>tangrabbittoy</c> for "toy".</param>
/// <param name="Verdict">How well it would serve.</param>
/// <param name="Reasons">Why, in sentences.</param>
public sealed record IdentifierRarity(
    string Word,
    IReadOnlyList<int> Ids,
    IReadOnlyList<string> Tokens,
    IReadOnlyList<int?> Ranks,
    bool IsSingleToken,
    bool IsKnownWord,
    bool ContainsClassWord,
    bool EndsInClassWord,
    IdentifierVerdict Verdict,
    IReadOnlyList<string> Reasons)
{
    /// <summary>Where its embedding lies in a model that was asked (<c>IdentifierProbe</c>); null from the tokenizer alone.</summary>
    public WordEmbedding? Embedding { get; init; }

    // A word is worth a token of its own only when it was frequent; what is so short and still came among the last
    // tenth of the merges is a leftover of letters such as sks and ohwx.
    private const double LateShare = 0.9;
    private const int ShortWord = 4;
    private const int ManyTokens = 3;

    /// <summary>Judges a word.</summary>
    /// <param name="word">The candidate, one word.</param>
    /// <param name="className">The class that it will stand before ("toy", "plush toy"), or null.</param>
    /// <param name="tokenizer">The tokenizer; the installed one where null.</param>
    /// <exception cref="BadInputException">The word is empty or several words.</exception>
    public static IdentifierRarity Of(string word, string? className = null, ClipTokenizer? tokenizer = null)
    {
        tokenizer ??= ClipTokenizer.Default;
        word = word.Trim();
        if (word.Length == 0 || word.Any(char.IsWhiteSpace))
            throw new BadInputException(word.Length == 0 ? "The identifier is empty; give a word."
                : $"The identifier \"{word}\" is more than one word; give one word, and the class by --class.");

        var vocabulary = tokenizer.Vocabulary;
        var ids = tokenizer.Encode(word).Skip(1).SkipLast(1).ToList();
        var tokens = ids.Select(vocabulary.TokenOf).ToList();
        var ranks = ids.Select(vocabulary.RankOf).ToList();
        var single = ids.Count == 1;
        var leftover = single && word.Length <= ShortWord && ranks[0] >= LateShare * vocabulary.MergeCount;
        var known = single && !leftover;
        var classWords = (className ?? "").ToLowerInvariant().Split(' ').Where(part => part.Length > 2).ToArray(); // no "a"
        var lower = word.ToLowerInvariant();
        var inside = Array.Find(classWords, lower.Contains);
        var atEnd = Array.Find(classWords, lower.EndsWith);

        var verdict = IdentifierVerdict.Good;
        var reasons = new List<string>();
        if (known)
            Add(IdentifierVerdict.Poor, $"{word} is a known word: one whole token, {Share(ranks[0])}; the subject would inherit its "
                + "meaning.");
        else if (leftover)
            Add(IdentifierVerdict.Good, $"{word} is one token, and among the rarest: {Share(ranks[0])}.");
        else if (tokens.Count > ManyTokens)
            Add(IdentifierVerdict.Fair, $"{word} is a new word, but of {tokens.Count} tokens, so it takes room in every prompt and is "
                + "learnt more slowly than two or three.");
        else
            Add(IdentifierVerdict.Good, $"{word} is a new word, put together from {tokens.Count} tokens.");

        var last = tokens[^1].Replace(ClipVocabulary.EndOfWord, "");
        if (atEnd is not null && lower == atEnd)
            Add(IdentifierVerdict.Poor, $"It is the class word itself: every \"{atEnd}\" would become the subject.");
        else if (atEnd is not null)
            Add(IdentifierVerdict.Fair, last == atEnd
                ? $"Its last token {tokens[^1]} is the class word itself, so learning it pulls at \"{atEnd}\" too."
                : $"It ends in the class word \"{atEnd}\", though not as a token of its own.");
        else if (inside is not null)
            Add(IdentifierVerdict.Fair, tokens.Exists(token => token.Replace(ClipVocabulary.EndOfWord, "") == inside)
                ? $"It contains the class word \"{inside}\" as a token of its own, {inside}, which is not the word's: that is {inside}</w>."
                : $"It contains the class word \"{inside}\", though not as a token of its own.");
        else if (!single && last.Length >= ShortWord && last.All(char.IsLetter))
            Add(IdentifierVerdict.Fair, $"Its last token {tokens[^1]} is a word that the model knows; the subject will lean towards it.");
        if (!lower.All(letter => char.IsLetter(letter) || letter > '\u007f') && tokenizer.WordsOf(word).Skip(1).Any())
            Add(IdentifierVerdict.Fair, $"The tokenizer cuts it into {tokenizer.WordsOf(word).Count()} words: digits and signs stand "
                + "alone.");
        return new IdentifierRarity(word, ids, tokens, ranks, single, known, inside is not null, atEnd is not null, verdict, reasons);

        void Add(IdentifierVerdict atLeast, string reason)
        {
            verdict = atLeast > verdict ? atLeast : verdict;
            reasons.Add(reason);
        }

        string Share(int? rank) => rank is { } r
            ? FormattableString.Invariant($"merge {r:N0} of {vocabulary.MergeCount:N0}")
            : "a single letter or sign";
    }
}
