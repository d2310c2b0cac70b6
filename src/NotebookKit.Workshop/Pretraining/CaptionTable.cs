using System.Runtime.InteropServices;
using System.Security.Cryptography;
using NotebookKit.Text;
using NotebookKit.Workshop.World;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>
/// Every caption of a run as rows of a compact vocabulary: the tokens that the world's captions use, then some frozen
/// random rows that stand in for all other words. Training so touches a few hundred rows instead of CLIP's 49,408, and
/// learns to draw the same rabbit whatever unknown word stands before "rabbit": that is what makes an identifier rare.
/// </summary>
internal sealed class CaptionTable
{
    private const int MostPieces = 3;
    private const ulong CaptionStream = 1UL << 40; // apart from the streams that draw scenes
    private readonly ClipTokenizer _tokenizer = ClipTokenizer.Default;
    private readonly Dictionary<int, int> _rowOfToken;
    private readonly int _bos;
    private readonly int _eos;

    /// <summary>Writes and encodes the captions of all scenes.</summary>
    /// <param name="preset">How many captions and rare rows.</param>
    /// <param name="scenes">Scenes to learn from, then those kept back.</param>
    /// <param name="seed">Decides the captions' wording and the rare words.</param>
    public CaptionTable(PretrainPreset preset, IReadOnlyList<Scene> scenes, ulong seed)
    {
        _bos = _tokenizer.BosTokenId;
        _eos = _tokenizer.EosTokenId;
        var said = new List<SceneCaption>(preset.Pictures * preset.CaptionsPerPicture);
        for (var i = 0; i < preset.Pictures; i++)
            for (var c = 0; c < preset.CaptionsPerPicture; c++)
                said.Add(SceneCaptions.Describe(scenes[i], new WorldRandom(seed, CaptionStream + ((ulong)i * 64) + (ulong)c)));
        var encoded = said.ConvertAll(s => _tokenizer.Encode((s with { RareWords = [] }).Text));
        var used = encoded.SelectMany(e => e).Concat(Vocabulary(preset.World).SelectMany(w => _tokenizer.Encode(w))).Append(_bos)
            .Append(_eos).ToHashSet();
        Tokens = [.. used.Order()];
        WordRows = Tokens.Count;

        var random = new Random((int)(ParallelTrainer.Mix(seed, "rare words", 0) >> 33));
        var rare = new HashSet<int>();
        while (rare.Count < preset.RareTokens)
        {
            var token = random.Next(512, _tokenizer.VocabularySize - 2); // below 512 are single bytes
            if (!used.Contains(token))
                rare.Add(token);
        }
        Tokens = [.. Tokens, .. rare.Order()];
        _rowOfToken = Tokens.Select((token, row) => (token, row)).ToDictionary(p => p.token, p => p.row);
        EndRow = _rowOfToken[_eos];
        Longest = Math.Min(ClipTokenizer.ModelMaxLength, encoded.Max(e => e.Count) + (3 * MostPieces));

        var rows = new int[said.Count * ClipTokenizer.ModelMaxLength];
        for (var i = 0; i < said.Count; i++)
        {
            var line = encoded[i].Select(t => _rowOfToken[t]).ToList();
            InsertRare(line, said[i], random);
            Pad(line, rows.AsSpan(i * ClipTokenizer.ModelMaxLength, ClipTokenizer.ModelMaxLength));
        }
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<int>(rows)))[..16];
        Training = tensor(rows, [said.Count, ClipTokenizer.ModelMaxLength], dtype: ScalarType.Int32);
        HeldOut = Encode([.. scenes.Skip(preset.Pictures).Select(s => SceneCaptions.Full(s).Text)]);
    }

    /// <summary>The CLIP token of each row: the words' tokens, then those of the rare rows.</summary>
    public IReadOnlyList<int> Tokens { get; }

    /// <summary>How many rows are of words that captions use; the rows after them never learn.</summary>
    public int WordRows { get; }

    /// <summary>The row of the end token, which is also the padding.</summary>
    public int EndRow { get; }

    /// <summary>No caption of the run has more tokens than this, start and end included.</summary>
    public int Longest { get; }

    /// <summary>The captions to learn from, int32 (N·k, 77); those of picture i start at i·k.</summary>
    public Tensor Training { get; }

    /// <summary>The captions of the pictures kept back, int32 (M, 77).</summary>
    public Tensor HeldOut { get; }

    /// <summary>Changes when the world's scenes or captions change: latents of another world must not be taught with these
    /// captions.</summary>
    public string Fingerprint { get; }

    /// <summary>Captions as rows, int32 (B, 77).</summary>
    /// <exception cref="InvalidOperationException">A caption uses a word that no caption of the world uses.</exception>
    public Tensor Encode(params string[] captions)
    {
        var rows = new int[captions.Length * ClipTokenizer.ModelMaxLength];
        for (var i = 0; i < captions.Length; i++)
        {
            var line = _tokenizer.Encode(captions[i]).Select(t => _rowOfToken.TryGetValue(t, out var row)
                ? row
                : throw new InvalidOperationException(
                    $"'{_tokenizer.TokenOf(t)}' in '{captions[i]}' is not a word of the world's captions.")).ToList();
            Pad(line, rows.AsSpan(i * ClipTokenizer.ModelMaxLength, ClipTokenizer.ModelMaxLength));
        }
        return tensor(rows, [captions.Length, ClipTokenizer.ModelMaxLength], dtype: ScalarType.Int32);
    }

    /// <summary>Every word that a caption can use, so that each has a row that learns even in a small run.</summary>
    private static IEnumerable<string> Vocabulary(WorldPreset world) =>
    [
        "a", "toy", Words.Patchwork, "with", "and",
        .. Enum.GetValues<Mark>().Select(Words.Phrase),
        .. world.Classes.Select(Words.Noun),
        .. world.Colors.Select(Words.Adjective),
        .. world.Backgrounds.SelectMany(b => Words.Places(b.Value)),
        .. world.Accessories.SelectMany(a => Words.Wearing(a.Value)),
        .. world.Styles.SelectMany(s => Words.Frames(s.Value)).SelectMany(f => new[] { f.Before, f.After }),
    ];

    /// <summary>A word without meaning becomes one to three rare rows before the noun, as CLIP's tokenizer would cut it to
    /// pieces.</summary>
    private void InsertRare(List<int> line, SceneCaption caption, Random random)
    {
        if (caption.RareWords.Count == 0)
            return;
        var noun = _tokenizer.Encode(caption.Class is { } thing ? Words.Noun(thing) : "toy")[1];
        var at = line.IndexOf(_rowOfToken[noun]);
        foreach (var _ in caption.RareWords)
            for (var i = random.Next(1, MostPieces + 1); i > 0; i--)
                line.Insert(at, random.Next(WordRows, Tokens.Count));
    }

    private void Pad(List<int> line, Span<int> into)
    {
        into.Fill(EndRow);
        for (var i = 0; i < Math.Min(line.Count, into.Length - 1); i++)
            into[i] = line[i];
    }
}
