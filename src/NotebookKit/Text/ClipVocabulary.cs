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
    private readonly Dictionary<(string Left, string Right), int> ranks;
    private readonly Dictionary<string, int> ids;
    private readonly string[] tokens;

    private ClipVocabulary(IReadOnlyList<(string Left, string Right)> merges)
    {
        var all = new List<string>(Alphabet + merges.Count + 2);
        all.AddRange(ByteAlphabet.InIdOrder.Select(letter => letter.ToString()));
        all.AddRange(ByteAlphabet.InIdOrder.Select(letter => letter + EndOfWord));
        all.AddRange(merges.Select(merge => merge.Left + merge.Right));
        all.Add(Start);
        all.Add(End);
        tokens = [.. all];
        ids = new Dictionary<string, int>(tokens.Length);
        for (var id = 0; id < tokens.Length; id++)
            ids[tokens[id]] = id;
        ranks = new Dictionary<(string, string), int>(merges.Count);
        for (var rank = 0; rank < merges.Count; rank++)
            ranks.TryAdd(merges[rank], rank);
    }

    /// <summary>How many token ids there are: 49,408 for CLIP.</summary>
    public int Count => tokens.Length;

    /// <summary>The rank of the last, rarest merge plus one: 48,894 for CLIP.</summary>
    public int MergeCount => tokens.Length - Alphabet - 2;

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
                throw new BadInputException($"{path} is no CLIP merges file: line {i + 1} is not two pieces with a space between; delete the file and run ./kit test to make it anew.");
            merges.Add((lines[i][..space], lines[i][(space + 1)..]));
        }

        if (merges.Count == 0)
            throw new BadInputException($"{path} holds no merges; delete the file and run ./kit test to make it anew.");

        // Each merge joins two tokens that exist by then; a cut or edited file breaks that at once.
        var vocabulary = new ClipVocabulary(merges);
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var (left, right) = merges[rank];
            if (!vocabulary.KnownBefore(left, rank) || !vocabulary.KnownBefore(right, rank))
                throw new BadInputException($"{path} is damaged: merge {rank} ({left} {right}) joins a piece that no line before it makes; delete the file and run ./kit test to make it anew.");
        }

        return vocabulary;
    }

    /// <summary>
    /// The installed vocabulary: the file that the environment variable <c>KIT_VOCABULARY</c> names (or the
    /// <c>merges.txt</c> in the folder it names), else <c>artifacts/vocabulary/merges.txt</c> in a folder above the
    /// program, above this assembly, or above the working folder.
    /// </summary>
    /// <exception cref="BadInputException">There is none.</exception>
    public static string FindInstalled()
    {
        if (Environment.GetEnvironmentVariable("KIT_VOCABULARY") is { Length: > 0 } named)
        {
            var file = Directory.Exists(named) ? Path.Combine(named, "merges.txt") : named;
            return File.Exists(file) ? file : throw new BadInputException($"KIT_VOCABULARY names {named}, where there is no merges.txt; correct it, or unset it and run ./kit test once.");
        }

        var assembly = Path.GetDirectoryName(typeof(ClipVocabulary).Assembly.Location); // under another host's program
        foreach (var start in new[] { AppContext.BaseDirectory, assembly, Environment.CurrentDirectory })
        {
            for (var folder = start; folder is not null; folder = Path.GetDirectoryName(folder))
            {
                var file = Path.Combine(folder, "artifacts", "vocabulary", "merges.txt");
                if (File.Exists(file))
                    return file;
            }
        }

        throw new BadInputException("The CLIP vocabulary artifacts/vocabulary/merges.txt is missing: run ./kit test or ./kit tutorial once to install it, or set KIT_VOCABULARY to a merges.txt.");
    }

    /// <summary>The id of a token, or null where the vocabulary lacks it.</summary>
    /// <param name="token">A piece as the vocabulary spells it, like <c>rabbit&lt;/w&gt;</c>.</param>
    public int? IdOf(string token) => ids.TryGetValue(token, out var id) ? id : null;

    /// <summary>The token with that id.</summary>
    /// <param name="id">0 to <see cref="Count"/> − 1.</param>
    /// <exception cref="BadInputException">There is no such id.</exception>
    public string TokenOf(int id) => id >= 0 && id < tokens.Length
        ? tokens[id]
        : throw new BadInputException($"There is no token {id}: ids run from 0 to {tokens.Length - 1}.");

    /// <summary>The rank of the merge that joins two pieces (0 is merged first), or null where they never join.</summary>
    /// <param name="left">The left piece.</param>
    /// <param name="right">The right piece.</param>
    public int? RankOfPair(string left, string right) => ranks.TryGetValue((left, right), out var rank) ? rank : null;

    /// <summary>The rank of the merge that makes a token; null for single bytes and the two special tokens.</summary>
    /// <param name="id">0 to <see cref="Count"/> − 1.</param>
    public int? RankOf(int id) => id >= Alphabet && id < Alphabet + MergeCount ? id - Alphabet : null;

    private bool KnownBefore(string piece, int rank) => ids.TryGetValue(piece, out var id) && id < Alphabet + rank;
}
