using NotebookKit.Text;
using static TorchSharp.torch;

namespace NotebookKit.Pipeline;

/// <summary>
/// Prompts to what the UNet attends to, with the web UI's weights and chunks: each chunk of 77 tokens is encoded by itself,
/// its tokens' states are weighted, and the chunks' states stand one behind the other. No gradients; training uses
/// <see cref="StableDiffusion.EncodePrompts"/>.
/// </summary>
public sealed class PromptEncoder
{
    private const int ChunksAtOnce = 16;
    private readonly StableDiffusion _model;
    private readonly Emphasis _emphasis;
    private readonly int _clipSkip;

    /// <summary>An encoder over a model's text encoder.</summary>
    /// <param name="model">The model; it stays its owner's.</param>
    /// <param name="emphasis">What weights do.</param>
    /// <param name="clipSkip">1 for the text encoder's last layer, 2 for the one before it, and so on; the final norm follows in any
    /// case.</param>
    /// <exception cref="BadInputException">The text encoder has fewer layers.</exception>
    public PromptEncoder(StableDiffusion model, Emphasis emphasis = Emphasis.Original, int clipSkip = 1)
    {
        ArgumentNullException.ThrowIfNull(model);
        (this._model, this._emphasis, this._clipSkip) = (model, emphasis, clipSkip);
        var layers = model.TextEncoder.Config.NumHiddenLayers;
        if (clipSkip < 1 || clipSkip > layers)
            throw new BadInputException($"A clip skip of {clipSkip} is not possible; this text encoder has {layers} layers: take 1 (the "
                + $"last) to {layers}.");
    }

    /// <summary>Encodes texts, each on its own.</summary>
    /// <param name="texts">Prompts without <c>AND</c>, changes and tags.</param>
    /// <returns>(1, 77·n, D) each, n the text's number of chunks.</returns>
    /// <exception cref="BadInputException">A weight is no sensible number.</exception>
    public IReadOnlyList<Tensor> Encode(IReadOnlyList<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var chunks = texts.Select(text => PromptChunk.Cut(_model.Tokenizer, text, _emphasis)).ToList();
        var states = new List<Tensor>(); // (1, 77, D) each
        foreach (var some in chunks.SelectMany(each => each).Chunk(ChunksAtOnce))
            states.AddRange(Encode(some));
        var encoded = new List<Tensor>();
        var first = 0;
        foreach (var count in chunks.Select(each => each.Count))
        {
            encoded.Add(cat([.. states[first..(first + count)]], 1).MoveToOuterDisposeScope());
            first += count;
        }

        return encoded;
    }

    /// <summary>The states of an empty chunk.</summary>
    /// <returns>(1, 77, D).</returns>
    public Tensor EncodeEmpty() => Encode([""])[0];

    private IEnumerable<Tensor> Encode(PromptChunk[] chunks)
    {
        var ids = chunks.SelectMany(chunk => chunk.Ids).Select(id => (long)id).ToArray();
        var input_ids = tensor(ids).view(chunks.Length, ClipTokenizer.ModelMaxLength).to(_model.TextEncoder.parameters().First().device);
        var output = _model.TextEncoder.call(input_ids);
        var states = _clipSkip == 1 ? output.LastHiddenState : _model.TextEncoder.Skip(output, _clipSkip); // (N, 77, D)
        return chunks.Select((chunk, i) => Weighted(states.narrow(0, i, 1), chunk)).ToList();
    }

    // (1, 77, D). Restoring the mean has no theory behind it; it is what the prompts that people share were tuned with.
    private Tensor Weighted(Tensor states, PromptChunk chunk)
    {
        if (!chunk.IsWeighted)
            return states;
        var weights = tensor(chunk.Weights.Select(weight => (float)weight).ToArray(), dtype: ScalarType.Float32).to(states.device).view(1,
            -1, 1);
        var exact = states.to(ScalarType.Float32);
        var weighted = exact * weights;
        if (_emphasis == Emphasis.Original)
        {
            var share = exact.mean() / weighted.mean();
            weighted = weighted * where(share.isfinite(), share, ones_like(share)); // states whose mean is 0 have none to restore
        }

        return weighted.to(states.dtype);
    }
}
