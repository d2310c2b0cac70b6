using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;

namespace NotebookKit.Text;

/// <summary>
/// CLIP's tokenizer: text is composed (Unicode NFC), lower-cased, cut into words, and each word is put together from
/// its bytes by byte-pair merges, which Microsoft.ML.Tokenizers does. Gives the ids of <c>CLIPTokenizerFast</c> in Hugging Face
/// transformers. Safe to use
/// from several threads.
/// </summary>
public sealed class ClipTokenizer
{
    /// <summary>The length that Stable Diffusion's text encoder takes: start, 75 tokens, end.</summary>
    public const int ModelMaxLength = 77;

    // Words repeat from caption to caption; the bound only keeps a long-running service from growing for ever.
    private const int CachedWords = 100_000;
    private const int LongestCachedWord = 100;

    private static readonly Lazy<ClipTokenizer> Shipped =
        new(() => new ClipTokenizer(ClipVocabulary.Load(ClipVocabulary.FindShipped()), null));
    private static readonly string[] StartAndEnd = [ClipVocabulary.Start, ClipVocabulary.End];
    private readonly string[] _specials;
    private volatile AddedWord[] _added = []; // never changed, only replaced
    private readonly ConcurrentDictionary<string, int[]> _cache = new();

    /// <summary>A tokenizer over a vocabulary.</summary>
    /// <param name="vocabulary">The tokens and their merges.</param>
    /// <param name="padToken">What <see cref="EncodePadded"/> fills up with: <c>&lt;|endoftext|&gt;</c> where null (Stable Diffusion 1.x),
    /// "!" in 2.x.</param>
    /// <exception cref="BadInputException">The vocabulary lacks the padding token.</exception>
    public ClipTokenizer(ClipVocabulary vocabulary, string? padToken = null)
    {
        Vocabulary = vocabulary;
        BosTokenId = vocabulary.Count - 2;
        EosTokenId = vocabulary.Count - 1;
        padToken ??= ClipVocabulary.End;
        PadTokenId = vocabulary.IdOf(padToken)
            ?? throw new BadInputException(
                $"The padding token \"{padToken}\" is not in the vocabulary; Stable Diffusion uses <|endoftext|> or !.");
        _specials = [.. StartAndEnd.Append(padToken).Distinct()];
    }

    /// <summary>CLIP's vocabulary as the repository has it (see <see cref="ClipVocabulary.FindShipped"/>), padded with the end
    /// token.</summary>
    /// <exception cref="BadInputException">It is not there.</exception>
    public static ClipTokenizer Default => Shipped.Value;

    /// <summary>The tokens and merges behind this tokenizer.</summary>
    public ClipVocabulary Vocabulary { get; }

    /// <summary>The id of <c>&lt;|startoftext|&gt;</c>: 49406.</summary>
    public int BosTokenId { get; }

    /// <summary>The id of <c>&lt;|endoftext|&gt;</c>: 49407.</summary>
    public int EosTokenId { get; }

    /// <summary>The id that fills a short prompt up to 77.</summary>
    public int PadTokenId { get; }

    /// <summary>How many ids there are: 49,408.</summary>
    public int VocabularySize => Vocabulary.Count;

    /// <summary>
    /// A model's own tokenizer folder: <c>merges.txt</c> where it has one (else the one of <see cref="Default"/>) and the
    /// padding token of <c>tokenizer_config.json</c> or <c>special_tokens_map.json</c>.
    /// </summary>
    /// <param name="folder">The folder, <c>tokenizer/</c> in the diffusers layout.</param>
    /// <exception cref="BadInputException">The folder is missing, or a file in it cannot be read.</exception>
    public static ClipTokenizer Load(string folder)
    {
        if (!Directory.Exists(folder))
            throw new BadInputException($"There is no tokenizer folder {folder}; a Stable Diffusion folder has tokenizer/ beside unet/ "
                + "and vae/.");
        var merges = Path.Combine(folder, "merges.txt");
        var padToken = PadTokenIn(Path.Combine(folder, "tokenizer_config.json"))
            ?? PadTokenIn(Path.Combine(folder, "special_tokens_map.json"));
        return new ClipTokenizer(File.Exists(merges) ? ClipVocabulary.Load(merges) : Default.Vocabulary, padToken);
    }

    /// <summary>The words of <see cref="AddToken"/>, in their order.</summary>
    public IEnumerable<string> AddedWords => _added.Select(word => word.Word);

    /// <summary>
    /// Makes a word stand for ids of its own beyond the vocabulary, as textual inversion does: found in a prompt in any case,
    /// as all that CLIP reads, and not within a longer word.
    /// </summary>
    /// <param name="token">The word; spaces may stand in it.</param>
    /// <param name="count">How many ids it stands for, one after the other.</param>
    /// <returns>The first of them.</returns>
    public int AddToken(string token, int count = 1)
    {
        ArgumentNullException.ThrowIfNull(token);
        if (string.IsNullOrWhiteSpace(token) || token != token.Trim())
            throw new BadInputException($"\"{token}\" cannot be added to the tokenizer: give a word.");
        if (AddedWords.Contains(token, StringComparer.OrdinalIgnoreCase))
            throw new BadInputException($"The word {token} is attached already; take it off before attaching another of that name.");
        _added = Numbered([.. _added, new AddedWord(token, [.. new int[count]])]);
        return _added[^1].Ids[0];
    }

    /// <summary>Forgets a word of <see cref="AddToken"/>; the ids of those after it move up.</summary>
    /// <param name="token">The word; one that was not added changes nothing.</param>
    public void RemoveToken(string token) =>
        _added = Numbered([.. _added.Where(word => !word.Word.Equals(token, StringComparison.OrdinalIgnoreCase))]);

    /// <summary>Whether a text has a word by itself, in any case, not within a longer one.</summary>
    /// <param name="text">A prompt.</param>
    /// <param name="word">The word.</param>
    public static bool HasWord(string text, string word)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentException.ThrowIfNullOrEmpty(word);
        return IndexOfWord(text, word, 0) >= 0;
    }

    /// <summary>How many ids stand for one word where this one is its first: more than 1 for added words of several vectors.</summary>
    internal int RunFrom(int id) => id < VocabularySize ? 1 : _added.FirstOrDefault(word => word.Ids[0] == id)?.Ids.Length ?? 1;

    /// <summary>The ids of a prompt: start, its tokens however many, end.</summary>
    /// <param name="prompt">Any text, also empty.</param>
    public IReadOnlyList<int> Encode(string prompt)
    {
        var ids = new List<int> { BosTokenId };
        foreach (var word in WordsOf(prompt))
            ids.AddRange(IdsOf(word));
        ids.Add(EosTokenId);
        return ids;
    }

    /// <summary>Exactly 77 ids for the text encoder: cut after 75 tokens, filled up with <see cref="PadTokenId"/>.</summary>
    /// <param name="prompt">Any text, also empty.</param>
    public int[] EncodePadded(string prompt)
    {
        var ids = Encode(prompt);
        var padded = new int[ModelMaxLength];
        Array.Fill(padded, PadTokenId);
        for (var i = 0; i < Math.Min(ids.Count, ModelMaxLength); i++)
            padded[i] = ids[i];
        if (ids.Count > ModelMaxLength)
            padded[^1] = EosTokenId;
        return padded;
    }

    /// <summary>77 flags: 1 where <see cref="EncodePadded"/> holds the prompt, start and end included, 0 where it only fills up.</summary>
    /// <param name="prompt">Any text, also empty.</param>
    public int[] AttentionMask(string prompt)
    {
        var mask = new int[ModelMaxLength];
        Array.Fill(mask, 1, 0, Math.Min(Encode(prompt).Count, ModelMaxLength));
        return mask;
    }

    /// <summary>The pieces of a prompt as the vocabulary spells them, like <c>rabbit&lt;/w&gt;</c>; without start and end.</summary>
    /// <param name="prompt">Any text, also empty.</param>
    public IReadOnlyList<string> Tokenize(string prompt)
    {
        var pieces = new List<string>();
        foreach (var word in WordsOf(prompt))
            pieces.AddRange(IdsOf(word).Select(Vocabulary.TokenOf));
        return pieces;
    }

    /// <summary>
    /// The text of some ids: a space after every word, none before punctuation or an English ending. As the tokenizer
    /// lower-cases and separates digits, this is not always the text that was encoded.
    /// </summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="skipSpecialTokens">Leave out start, end and padding tokens.</param>
    /// <exception cref="BadInputException">An id is outside the vocabulary.</exception>
    public string Decode(IEnumerable<int> ids, bool skipSpecialTokens = true)
    {
        var parts = new List<string>();
        var run = new StringBuilder();
        foreach (var id in ids)
        {
            if (!_specials.Contains(Vocabulary.TokenOf(id)))
            {
                run.Append(Vocabulary.TokenOf(id));
            }
            else if (!skipSpecialTokens)
            {
                EndRun();
                parts.Add(Vocabulary.TokenOf(id));
            }
        }

        EndRun();
        return JoinPunctuation(string.Join(' ', parts));

        void EndRun()
        {
            if (run.Length > 0)
                parts.Add(ByteAlphabet.Read(run.ToString()).Replace(ClipVocabulary.EndOfWord, " ").Trim());
            run.Clear();
        }
    }

    /// <summary>The vocabulary's spelling of an id, like <c>rabbit&lt;/w&gt;</c>.</summary>
    /// <param name="id">0 to <see cref="VocabularySize"/> − 1.</param>
    /// <exception cref="BadInputException">There is no such id.</exception>
    public string TokenOf(int id) => Vocabulary.TokenOf(id);

    /// <summary>How one word is put together from its bytes, merge by merge.</summary>
    /// <param name="word">One word; case does not matter.</param>
    /// <exception cref="BadInputException">The text is no single word to the tokenizer: empty, or cut into several.</exception>
    public MergeTrace Trace(string word)
    {
        var words = WordsOf(word).ToList();
        return words.Count == 1
            ? MergeTrace.Of(Vocabulary, words[0])
            : throw new BadInputException($"\"{word}\" is "
                + $"{(words.Count == 0 ? "no word" : $"{words.Count} words ({string.Join(", ", words)})")} to the tokenizer; give it one "
                + "word of letters.");
    }

    /// <summary>The words that a prompt is cut into before the merges: lower-case, digits one by one, punctuation in runs.</summary>
    /// <param name="prompt">Any text.</param>
    public IEnumerable<string> WordsOf(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        // A special token written out stands for itself wherever it is, the padding token too ("!" in Stable
        // Diffusion 2.x); start and end in any case.
        var words = _added;
        string[] known = [.. _specials, .. words.Select(word => word.Word).OrderByDescending(word => word.Length)];
        var places = known.Select(token => PlaceOf(token, 0)).ToArray();
        var start = 0;
        while (true)
        {
            var (which, at) = (-1, prompt.Length);
            for (var i = 0; i < known.Length; i++)
            {
                if (places[i] >= 0 && places[i] < start)
                    places[i] = PlaceOf(known[i], start);
                if (places[i] >= 0 && places[i] < at)
                    (which, at) = (i, places[i]);
            }

            foreach (var word in WordSplitter.Split(LowerCase(UnicodeNfc.Normalize(prompt[start..at]))))
                yield return word;
            if (which < 0)
                yield break;
            yield return known[which];
            start = at + known[which].Length;
        }

        int PlaceOf(string token, int from) =>
            words.Any(word => word.Word == token) ? IndexOfWord(prompt, token, from)
                : prompt.IndexOf(token, from, StartAndEnd.Contains(token) ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);
    }

    private AddedWord[] Numbered(AddedWord[] words)
    {
        var first = VocabularySize;
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = words[i] with { Ids = [.. Enumerable.Range(first, words[i].Ids.Length)] };
            first += words[i].Ids.Length;
        }

        return words;
    }

    private static int IndexOfWord(string prompt, string word, int start)
    {
        for (var at = prompt.IndexOf(word, start,
            StringComparison.OrdinalIgnoreCase); at >= 0; at = prompt.IndexOf(word, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            var end = at + word.Length;
            if ((at == 0 || !char.IsLetterOrDigit(prompt[at - 1])) && (end == prompt.Length || !char.IsLetterOrDigit(prompt[end])))
                return at;
        }

        return -1;
    }

    private int[] IdsOf(string word)
    {
        if (_added.FirstOrDefault(other => other.Word == word) is { } own)
            return own.Ids;
        if (_cache.TryGetValue(word, out var ids))
            return ids;
        ids = _specials.Contains(word) ? [Vocabulary.IdOf(word)!.Value] : Vocabulary.IdsOf(word);
        if (word.Length <= LongestCachedWord && _cache.Count < CachedWords)
            _cache.TryAdd(word, ids);
        return ids;
    }

    /// <summary>Lower-cased letter by letter without regard to language or position, as the reference does.</summary>
    private static string LowerCase(string text)
    {
        // The one character whose lower case is two: I with a dot becomes i and a combining dot.
        var lower = text.ToLowerInvariant();
        return lower.Contains('\u0130') ? lower.Replace("\u0130", "i\u0307") : lower;
    }

    /// <summary>transformers' <c>clean_up_tokenization</c>: no space before these, in this order.</summary>
    private static string JoinPunctuation(string text) => text
        .Replace(" .", ".").Replace(" ?", "?").Replace(" !", "!").Replace(" ,", ",").Replace(" ' ", "'")
        .Replace(" n't", "n't").Replace(" 'm", "'m").Replace(" 's", "'s").Replace(" 've", "'ve").Replace(" 're", "'re");

    private static string? PadTokenIn(string path)
    {
        if (!File.Exists(path))
            return null;
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("pad_token", out var token))
                return null;
            if (token.ValueKind == JsonValueKind.Object && token.TryGetProperty("content", out var content))
                token = content;
            return token.ValueKind == JsonValueKind.String ? token.GetString() : null;
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{path} is no JSON: {e.Message}", e);
        }
    }

    private sealed record AddedWord(string Word, int[] Ids);
}
