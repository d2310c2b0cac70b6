using System.Text.RegularExpressions;
using NotebookKit.Text;

namespace NotebookKit.Training.Concepts;

/// <summary>
/// Looks at a concept's captions before anything is trained: caption, instance prompt, class prompt and token ids of
/// every picture, and what will surprise about them.
/// </summary>
public sealed partial class CaptionAudit
{
    // A piece of a word carries a meaning from about three letters on, where it was frequent enough to be merged early.
    private const int PieceLength = 3;
    private const int CommonRank = 12_000;
    private const int PromptTokens = ClipTokenizer.ModelMaxLength - 2;

    // Words that no subject is recognised by.
    private static readonly HashSet<string> Fillers =
        ["a", "an", "the", "of", "in", "on", "at", "and", "with", "to", "from", "by", "for", "is", "photo", "photograph", "picture",
            "image", "closeup"];

    private readonly Concept _concept;
    private readonly ClipTokenizer _tokenizer;
    private readonly IReadOnlyList<(string File, string Caption, string Instance, string? Class)> _prompts;

    private CaptionAudit(Concept concept, ClipTokenizer tokenizer)
    {
        var words = concept.Prompts;
        _concept = concept;
        _tokenizer = tokenizer;
        _prompts =
        [
            .. from file in TrainingPicture.FilesOf(concept.InstanceDir)
               let caption = concept.CaptionOf(file)
               select (Path.GetFileName(file), caption, words.Instance(caption), words.Class(caption)),
        ];
    }

    /// <summary>Reads the captions of a concept's pictures.</summary>
    /// <param name="concept">Its folder, prompts and tokens.</param>
    /// <param name="tokenizer">The base's tokenizer; the installed one where null.</param>
    /// <returns>A row for each picture, in the order of their names.</returns>
    /// <exception cref="BadInputException">The folder is missing or holds no picture.</exception>
    public static IReadOnlyList<CaptionRow> Of(Concept concept, ClipTokenizer? tokenizer = null) =>
        new CaptionAudit(concept, tokenizer ?? ClipTokenizer.Default).Rows();

    /// <summary>
    /// What the subject is called: the instance token, or the words that instance prompts have and class prompts lack.
    /// Null where no word is left.
    /// </summary>
    /// <param name="concept">The concept.</param>
    public static string? IdentifierOf(Concept concept) => new CaptionAudit(concept, ClipTokenizer.Default).Identifier();

    private List<CaptionRow> Rows()
    {
        var ofAll = IdentifierWarnings().Concat(DriftWarnings()).ToList();
        return
        [
            .. from prompt in _prompts
               let ids = _tokenizer.Encode(prompt.Instance)
               select new CaptionRow(prompt.File, prompt.Caption, prompt.Instance, prompt.Class, ids,
                   [.. Warnings(prompt, ids.Count - 2), .. ofAll]),
        ];
    }

    private IEnumerable<string> Warnings((string File, string Caption, string Instance, string? Class) prompt, int tokens)
    {
        var captioned = _concept.InstancePrompt.Contains(FileWords.Placeholder, StringComparison.Ordinal);
        if (captioned && prompt.Caption.Length == 0)
            yield return $"The caption is empty; describe the picture in {Path.ChangeExtension(prompt.File, ".txt")}.";
        if (tokens > PromptTokens)
            yield return $"The instance prompt has {tokens} tokens; the text encoder reads the first {PromptTokens}, so shorten it by "
                + $"{tokens - PromptTokens}.";
        if (prompt.Class is not null && _tokenizer.Encode(prompt.Class).Count - 2 > PromptTokens)
            yield return $"The class prompt has {_tokenizer.Encode(prompt.Class).Count - 2} tokens; the text encoder reads the first "
                + $"{PromptTokens}.";
        if (prompt.Class is not null && prompt.Class == prompt.Instance)
            yield return "Instance and class prompt are the same, so nothing in the prompt names the subject; set an instance token, or "
                + "write the identifier into the caption.";
    }

    private IEnumerable<string> IdentifierWarnings()
    {
        if (Own() is not { } identifier)
            yield break;
        var classWords = ClassWords();
        var pieces = _tokenizer.Tokenize(identifier);
        foreach (var word in identifier.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var judged = IdentifierRarity.Of(word, null, _tokenizer);
            var inside = classWords.Where(part => part.Length >= PieceLength && word.Contains(part, StringComparison.OrdinalIgnoreCase))
                .MaxBy(part => part.Length);
            if (inside is not null)
                yield return $"The identifier {word} holds the class word \"{inside}\", and may share its token, so that learning one "
                    + "pulls at the other; take a word without it.";
            else if (judged.IsKnownWord)
                yield return $"The identifier {word} is a word that the model knows, and its old meaning will mix with the subject; a new "
                    + "word such as zwx has none.";
        }

        var common = pieces.Where(IsCommonPiece).Select(piece => piece.Replace(ClipVocabulary.EndOfWord, "", StringComparison.Ordinal))
            .ToList();
        if (pieces.Count > 1 && common.Count > 0)
            yield return $"The identifier {identifier} is {pieces.Count} tokens "
                + $"({string.Join(" · ", pieces.Select(piece => piece.Replace(ClipVocabulary.EndOfWord, "", StringComparison.Ordinal)))}), "
                + $"of which {string.Join(", ", common.Distinct())} {(common.Distinct().Count() == 1 ? "is" : "are")} common and will "
                + "drift with it; a rare word of one or two tokens is safer.";
    }

    // Every caption word is tied to the subject; the more often it comes, the more.
    private IEnumerable<string> DriftWarnings()
    {
        if (_prompts.Count < 2)
            yield break;
        var own = WordsOf(Own() ?? "");
        var everywhere = InEvery(_prompts.Select(prompt => prompt.Instance)).Except(own).Except(Fillers).ToList();
        if (everywhere.Count == 0)
            yield break;
        var kept = _prompts[0].Class is null ? [] : InEvery(_prompts.Select(prompt => prompt.Class!));
        var held = everywhere.Where(kept.Contains).ToList();
        var free = everywhere.Except(held).ToList();
        if (free.Count > 0)
            yield return $"{Quoted(free)} {Occurs(free)} in every prompt, so {Them(free)} will drift most towards the "
                + $"subject{(_prompts[0].Class is null ? "; class images of a class prompt with it would hold it" : ", and the class "
                    + "prompt does not hold it")}.";
        if (held.Count > 0)
            yield return $"{Quoted(held)} {Occurs(held)} in every prompt, so {Them(held)} will drift most; the class images work against "
                + "it.";
    }

    private string? Identifier()
    {
        if (_concept.InstanceToken is { Length: > 0 } token)
            return token.Trim();
        if (_prompts.Count == 0 || _prompts[0].Class is null)
            return null;
        var ordinary = _prompts.SelectMany(prompt => WordsOf(prompt.Class!)).Concat(Fillers).ToHashSet();
        var words = WordsOf(_prompts[0].Instance)
            .Where(word => !ordinary.Contains(word) && _prompts.All(prompt => WordsOf(prompt.Instance).Contains(word))).Distinct().ToList();
        return words.Count > 0 ? string.Join(' ', words) : null;
    }

    // Of a rare word and others that the class prompts lack ("zwx rabbit") the rare one names the subject; the others describe it.
    private string? Own()
    {
        var words = Identifier()?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        var rare = words.Where(word => !IdentifierRarity.Of(word, null, _tokenizer).IsKnownWord).ToArray();
        return words.Length == 0 ? null : string.Join(' ', rare.Length > 0 ? rare : words);
    }

    private IEnumerable<string> ClassWords() =>
        (_concept.ClassToken is { } token ? WordsOf(token)
            : InEvery(_prompts.Where(prompt => prompt.Class is not null).Select(prompt => prompt.Class!))).Except(Fillers);

    private bool IsCommonPiece(string piece) =>
        piece.Replace(ClipVocabulary.EndOfWord, "", StringComparison.Ordinal).Count(char.IsLetter) >= PieceLength
        && _tokenizer.Vocabulary.IdOf(piece) is { } id && _tokenizer.Vocabulary.RankOf(id) < CommonRank;

    private static HashSet<string> InEvery(IEnumerable<string> prompts) =>
        prompts.Select(prompt => WordsOf(prompt).ToHashSet()).Aggregate((HashSet<string>?)null,
            (all, words) => all is null ? words : [.. all.Intersect(words)]) ?? [];

    private static IEnumerable<string> WordsOf(string prompt) => Words().Matches(prompt.ToLowerInvariant()).Select(match => match.Value);

    private static string Quoted(IReadOnlyList<string> words) => string.Join(", ", words.Select(word => $"\"{word}\""));

    private static string Occurs(IReadOnlyList<string> words) => words.Count == 1 ? "occurs" : "occur";

    private static string Them(IReadOnlyList<string> words) => words.Count == 1 ? "it" : "they";

    [GeneratedRegex(@"[\p{L}\p{N}_'’-]+")]
    private static partial Regex Words();
}
