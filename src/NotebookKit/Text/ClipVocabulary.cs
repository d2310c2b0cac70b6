using Microsoft.ML.Tokenizers;

namespace NotebookKit.Text;

/// <summary>
/// CLIP's byte-pair vocabulary, built from its list of merges alone (<c>merges.txt</c>, one pair per line, the most
/// frequent first). Token ids: 256 bytes, the same 256 as the end of a word (<c>a&lt;/w&gt;</c>), one per merge, then
/// <c>&lt;|startoftext|&gt;</c> and <c>&lt;|endoftext|&gt;</c>: 49,408 with CLIP's 48,894 merges.
/// </summary>
public sealed class ClipVocabulary
{
    /// <summary>What marks a token that ends a word.</summary>
    public const string EndOfWord = "</w>";

    /// <summary>The token that starts every encoded prompt.</summary>
    public const string Start = "<|startoftext|>";

    /// <summary>The token that ends every encoded prompt; its state is the pooled text embedding.</summary>
    public const string End = "<|endoftext|>";

    private const int Alphabet = 512;
    private const int ClipMerges = 48_894;
    private const int LongestWord = 10_000; // the time of the merges grows with the square: 0.06 s here
    private const string Remedy = "take it again from where the model came from; data/base-mini/tokenizer has one too";
    private readonly Dictionary<(string Left, string Right), int> _ranks;
    private readonly Dictionary<string, int> _ids;
    private readonly string[] _tokens;
    private readonly Lazy<BpeTokenizer> _engine;

    private ClipVocabulary(IReadOnlyList<(string Left, string Right)> merges)
    {
        var all = new List<string>(Alphabet + merges.Count + 2);
        all.AddRange(ByteAlphabet.InIdOrder.Select(letter => letter.ToString()));
        all.AddRange(ByteAlphabet.InIdOrder.Select(letter => letter + EndOfWord));
        all.AddRange(merges.Select(merge => merge.Left + merge.Right));
        all.Add(Start);
        all.Add(End);
        _tokens = [.. all];
        _ids = new Dictionary<string, int>(_tokens.Length);
        for (var id = 0; id < _tokens.Length; id++)
            _ids[_tokens[id]] = id;
        _ranks = new Dictionary<(string, string), int>(merges.Count);
        for (var rank = 0; rank < merges.Count; rank++)
            _ranks.TryAdd(merges[rank], rank);
        _engine = new Lazy<BpeTokenizer>(() =>
            BpeTokenizer.Create(new BpeOptions(_ids)
            {
                Merges = merges.Select(merge => $"{merge.Left} {merge.Right}"),
                EndOfWordSuffix = EndOfWord
            }));
    }

    /// <summary>How many token ids there are: 49,408 for CLIP.</summary>
    public int Count => _tokens.Length;

    /// <summary>The rank of the last, rarest merge plus one: 48,894 for CLIP.</summary>
    public int MergeCount => _tokens.Length - Alphabet - 2;

    /// <summary>Reads <c>merges.txt</c>.</summary>
    /// <param name="path">The file: a <c>#version</c> line, then one "left right" pair per line.</param>
    /// <exception cref="BadInputException">The file is missing or no merges file.</exception>
    public static ClipVocabulary Load(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"The vocabulary {path} cannot be read: {e.Message}", e);
        }

        var merges = new List<(string, string)>(lines.Length);
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length == 0 || (i == 0 && lines[i].StartsWith("#version", StringComparison.Ordinal)))
                continue;
            var space = lines[i].IndexOf(' ');
            if (space <= 0 || space == lines[i].Length - 1 || lines[i].IndexOf(' ', space + 1) >= 0)
                throw new BadInputException(
                    $"{path} is no CLIP merges file: line {i + 1} is not two pieces with a space between; {Remedy}.");
            merges.Add((lines[i][..space], lines[i][(space + 1)..]));
        }

        if (merges.Count == 0)
            throw new BadInputException($"{path} holds no merges; {Remedy}.");

        // Each merge joins two tokens that exist by then to one that does not; an edited file breaks that at once.
        var vocabulary = new ClipVocabulary(merges);
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var (left, right) = merges[rank];
            if (!vocabulary.KnownBefore(left, rank) || !vocabulary.KnownBefore(right, rank))
                throw new BadInputException(
                    $"{path} is damaged: merge {rank} ({left} {right}) joins a piece that no line before it makes; {Remedy}.");
            if (vocabulary.IdOf(left + right) != Alphabet + rank)
                throw new BadInputException(
                    $"{path} is damaged: merge {rank} ({left} {right}) makes a piece that another line makes; {Remedy}.");
        }

        if (merges.Count != ClipMerges)
            throw new BadInputException($"{path} is damaged: it has {merges.Count} merges, and CLIP has {ClipMerges}; {Remedy}.");
        _ = Task.Run(() => vocabulary._engine.Value); // a fifth of a second, while the model's weights are read
        return vocabulary;
    }

    /// <summary>
    /// The <c>merges.txt</c> that lies in <c>data/base-mini/tokenizer/</c>, in a folder above the program, above this
    /// assembly, or above the working folder.
    /// </summary>
    /// <exception cref="BadInputException">There is none.</exception>
    public static string FindShipped()
    {
        var assembly = Path.GetDirectoryName(typeof(ClipVocabulary).Assembly.Location); // under another host's program
        foreach (var start in new[] { AppContext.BaseDirectory, assembly, Environment.CurrentDirectory })
        {
            for (var folder = start; folder is not null; folder = Path.GetDirectoryName(folder))
            {
                var file = Path.Combine(folder, "data", "base-mini", "tokenizer", "merges.txt");
                if (File.Exists(file))
                    return file;
            }
        }

        throw new BadInputException("The CLIP vocabulary data/base-mini/tokenizer/merges.txt is missing: take it from the repository "
            + "again, or load a model whose folder has a tokenizer/merges.txt.");
    }

    /// <summary>The id of a token, or null where the vocabulary lacks it.</summary>
    /// <param name="token">A piece as the vocabulary spells it, like <c>rabbit&lt;/w&gt;</c>.</param>
    public int? IdOf(string token) => _ids.TryGetValue(token, out var id) ? id : null;

    /// <summary>The token with that id.</summary>
    /// <param name="id">0 to <see cref="Count"/> − 1.</param>
    /// <exception cref="BadInputException">There is no such id.</exception>
    public string TokenOf(int id) => id >= 0 && id < _tokens.Length
        ? _tokens[id]
        : throw new BadInputException($"There is no token {id}: ids run from 0 to {_tokens.Length - 1}.");

    /// <summary>The rank of the merge that joins two pieces (0 is merged first), or null where they never join.</summary>
    /// <param name="left">The left piece.</param>
    /// <param name="right">The right piece.</param>
    public int? RankOfPair(string left, string right) => _ranks.TryGetValue((left, right), out var rank) ? rank : null;

    /// <summary>The rank of the merge that makes a token; null for single bytes and the two special tokens.</summary>
    /// <param name="id">0 to <see cref="Count"/> − 1.</param>
    public int? RankOf(int id) => id >= Alphabet && id < Alphabet + MergeCount ? id - Alphabet : null;

    /// <summary>The token ids that a word's bytes merge to.</summary>
    /// <exception cref="BadInputException">The word is longer than anything that CLIP could read.</exception>
    internal int[] IdsOf(string word)
    {
        var letters = ByteAlphabet.Spell(word);
        if (letters.Length > LongestWord)
            throw new BadInputException($"The word that begins with \"{word[..20]}\" has {letters.Length} bytes, and the tokenizer takes "
                + $"at most {LongestWord} without a space; shorten it or put spaces in.");
        return [.. _engine.Value.EncodeToIds(letters, considerPreTokenization: false, considerNormalization: false)];
    }

    private bool KnownBefore(string piece, int rank) => _ids.TryGetValue(piece, out var id) && id < Alphabet + rank;
}
