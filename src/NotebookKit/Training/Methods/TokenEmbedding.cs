using NotebookKit.Checkpoints;
using NotebookKit.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>
/// A word of one's own, attached to a base: one or more vectors that the text encoder takes where the word stands in a
/// prompt (textual inversion, Gal et al. 2022). The base's own table of tokens stays as it is, and <see cref="Dispose"/>
/// leaves no trace.
/// </summary>
public sealed class TokenEmbedding : IDisposable
{
    private readonly StableDiffusion _sd;

    private TokenEmbedding(StableDiffusion sd, string token, Parameter vectors)
    {
        if (sd.TextEncoder.TextModel.Embeddings.AddedTokens is not null)
            throw new BadInputException($"A word is attached to this base already; take it off before attaching {token}.");
        (_sd, Token, Vectors) = (sd, token, vectors);
        sd.Tokenizer.AddToken(token, (int)vectors.shape[0]);
        sd.TextEncoder.TextModel.Embeddings.AddedTokens = vectors;
    }

    /// <summary>The word.</summary>
    public string Token { get; }

    /// <summary>(n, D): what it means.</summary>
    public Parameter Vectors { get; }

    /// <summary>Attaches a new word that starts from the mean of some words' vectors.</summary>
    /// <param name="sd">The base.</param>
    /// <param name="token">The word, written in prompts exactly so.</param>
    /// <param name="like">What it is like, "rabbit toy": where training starts.</param>
    /// <param name="vectors">How many vectors it has; more hold more, and are harder to combine with other words.</param>
    public static TokenEmbedding New(StableDiffusion sd, string token, string like, int vectors = 1)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var table = sd.TextEncoder.TextModel.Embeddings.TokenEmbedding.weight!;                                        // (V, D)
        var ids = tensor(sd.Tokenizer.Encode(like).Skip(1).SkipLast(1).Select(id => (long)id).ToArray()).to(table.device);
        var start = table.index_select(0, ids).mean([0], keepdim: true).to(ScalarType.Float32).repeat(vectors, 1);      // (n, D)
        var parameter = new Parameter(start, requires_grad: false);
        parameter.DetachFromDisposeScope();
        return new TokenEmbedding(sd, token, parameter);
    }

    /// <summary>Attaches a word from a file: one tensor (n, D) under the word's name, as diffusers and the web UI keep it.</summary>
    /// <param name="path">A .safetensors, .pt or .bin file.</param>
    /// <param name="sd">The base it was made for, or one with text states of the same width.</param>
    /// <exception cref="BadInputException">The file holds something else, or was made for another base.</exception>
    public static TokenEmbedding Load(string path, StableDiffusion sd)
    {
        using var scope = NewDisposeScope();
        var tensors = WeightFile.Load(path);
        if (tensors.Count != 1 || tensors.First().Value.dim() is not (1 or 2))
            throw new BadInputException($"{path} is no embedding of one word: it must hold one tensor (vectors, width).");
        var (token, vectors) = tensors.First();
        vectors = vectors.reshape(-1, vectors.shape[^1]);
        if (token is "emb_params" or "string_to_param.*") // the web UI's names: there the word is the file's own
            token = Path.GetFileNameWithoutExtension(path);
        var width = sd.TextEncoder.Config.HiddenSize;
        if (vectors.shape[1] != width)
            throw new BadInputException($"{path} was made for another base: its vectors have {vectors.shape[1]} numbers, this base's {width}.");
        var parameter = new Parameter(vectors.to(ScalarType.Float32).to(sd.Device), requires_grad: false);
        parameter.DetachFromDisposeScope();
        return new TokenEmbedding(sd, token, parameter);
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
        if (!ReferenceEquals(_sd.TextEncoder.TextModel.Embeddings.AddedTokens, Vectors))
            return;
        _sd.Tokenizer.RemoveAddedTokens();
        _sd.TextEncoder.TextModel.Embeddings.AddedTokens = null;
        Vectors.Dispose();
    }
}
