using NotebookKit.Checkpoints;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Pipeline;

/// <summary>
/// A word of one's own, attached to a base: one or more vectors that the text encoder takes where the word stands in a
/// prompt (textual inversion, Gal et al. 2022). Several words stand side by side. The base's own table of tokens stays as
/// it is, and <see cref="Dispose"/> leaves no trace.
/// </summary>
public sealed class TokenEmbedding : IDisposable
{
    private readonly StableDiffusion _sd;
    private bool _attached;

    private TokenEmbedding(StableDiffusion sd, string token, Parameter vectors)
    {
        (_sd, Token, Vectors) = (sd, token, vectors);
        try
        {
            sd.Tokenizer.AddToken(token, (int)vectors.shape[0]);
        }
        catch
        {
            vectors.Dispose();
            throw;
        }

        sd.TextEncoder.TextModel.Embeddings.AddedTokens.Add(vectors);
        _attached = true;
    }

    /// <summary>The word.</summary>
    public string Token { get; }

    /// <summary>(n, D): what it means.</summary>
    public Parameter Vectors { get; }

    /// <summary>Attaches a new word that starts from the mean of some words' vectors.</summary>
    /// <param name="sd">The base.</param>
    /// <param name="token">The word.</param>
    /// <param name="like">What it is like, "rabbit toy": where training starts.</param>
    /// <param name="vectors">How many vectors it has; more hold more, and are harder to combine with other words.</param>
    public static TokenEmbedding New(StableDiffusion sd, string token, string like, int vectors = 1)
    {
        ArgumentNullException.ThrowIfNull(sd);
        ArgumentNullException.ThrowIfNull(token);
        if (token.Any(char.IsWhiteSpace))
            throw new BadInputException($"\"{token}\" cannot be learned as a word: give one new word without spaces.");
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var table = sd.TextEncoder.TextModel.Embeddings.TokenEmbedding.weight!;                                        // (V, D)
        var ids = tensor(sd.Tokenizer.Encode(like).Skip(1).SkipLast(1).Select(id => (long)id).ToArray()).to(table.device);
        var start = table.index_select(0, ids).mean([0], keepdim: true).to(ScalarType.Float32).repeat(vectors, 1);      // (n, D)
        return new TokenEmbedding(sd, token, Owned(start));
    }

    /// <summary>Attaches a word whose vectors are there.</summary>
    /// <param name="sd">The base.</param>
    /// <param name="token">The word; it may have spaces.</param>
    /// <param name="vectors">(n, D) or (D); they are copied.</param>
    /// <exception cref="BadInputException">The vectors are of another width than the base's text states, or the base has the word
    /// already.</exception>
    public static TokenEmbedding Attach(StableDiffusion sd, string token, Tensor vectors)
    {
        ArgumentNullException.ThrowIfNull(sd);
        ArgumentNullException.ThrowIfNull(vectors);
        var width = sd.TextEncoder.Config.HiddenSize;
        if (vectors.dim() is not (1 or 2) || vectors.shape[^1] != width)
            throw new BadInputException($"The word {token} was made for another base: its vectors have "
                + $"{(vectors.dim() == 0 ? 1 : vectors.shape[^1])} numbers, this base's {width}.");
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        return new TokenEmbedding(sd, token, Owned(vectors.detach().reshape(-1, width).to(ScalarType.Float32, copy: true).to(sd.Device)));
    }

    /// <summary>Attaches the word of a file: see <see cref="EmbeddingFile"/> for which files there are.</summary>
    /// <param name="path">A .safetensors, .pt or .bin file.</param>
    /// <param name="sd">The base it was made for, or one with text states of the same width.</param>
    /// <exception cref="BadInputException">The file holds something else, or was made for another base.</exception>
    public static TokenEmbedding Load(string path, StableDiffusion sd)
    {
        using var scope = NewDisposeScope();
        var file = EmbeddingFile.Read(path);
        return Attach(sd, file, file.Token ?? file.Name);
    }

    /// <summary>Writes the word's file.</summary>
    /// <param name="path">A .safetensors file.</param>
    /// <param name="metadata">Notes.</param>
    public void Save(string path, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var vectors = Vectors.detach().cpu().clone();
        Safetensors.Save(path, new Dictionary<string, Tensor> { [Token] = vectors }, metadata);
    }

    /// <summary>Takes the word off and frees its vectors.</summary>
    public void Dispose()
    {
        if (!_attached)
            return;
        _attached = false;
        _sd.Tokenizer.RemoveToken(Token);
        var added = _sd.TextEncoder.TextModel.Embeddings.AddedTokens;
        added.RemoveAt(added.ToList().FindIndex(vectors => ReferenceEquals(vectors, Vectors)));
        Vectors.Dispose();
    }

    /// <summary>Attaches a file's vectors under a word.</summary>
    internal static TokenEmbedding Attach(StableDiffusion sd, EmbeddingFile file, string token) =>
        file.Vectors.shape[1] == sd.TextEncoder.Config.HiddenSize ? Attach(sd, token, file.Vectors)
        : throw new BadInputException($"{file.Path} was made for another base: its vectors have {file.Vectors.shape[1]} numbers, this "
            + $"base's {sd.TextEncoder.Config.HiddenSize}.");

    private static Parameter Owned(Tensor values)
    {
        var parameter = new Parameter(values, requires_grad: false);
        parameter.DetachFromDisposeScope();
        return parameter;
    }
}
