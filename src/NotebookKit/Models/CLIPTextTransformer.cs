using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>The text encoder proper; its name <c>text_model</c> stands in the files.</summary>
public sealed class CLIPTextTransformer : Module<Tensor, Tensor?, CLIPTextOutput>
{
    private readonly CLIPTextEmbeddings embeddings;
    private readonly CLIPEncoder encoder;
    private readonly LayerNorm final_layer_norm;
    private readonly CLIPTextConfig config;

    /// <summary>Makes the encoder.</summary>
    /// <param name="config">Its shape.</param>
    public CLIPTextTransformer(CLIPTextConfig config) : base(nameof(CLIPTextTransformer))
    {
        ArgumentNullException.ThrowIfNull(config);
        this.config = config;
        embeddings = new CLIPTextEmbeddings(config);
        encoder = new CLIPEncoder(config);
        final_layer_norm = Layers.LayerNorm(config.HiddenSize, config.LayerNormEps);
        RegisterComponents();
    }

    /// <summary>The tables of tokens and positions.</summary>
    public CLIPTextEmbeddings Embeddings => embeddings;

    /// <summary>The norm after the last layer; with "CLIP skip", after an earlier one.</summary>
    public LayerNorm FinalLayerNorm => final_layer_norm;

    /// <summary>Whether every layer keeps only its input for backward.</summary>
    internal bool GradientCheckpointing
    {
        get => encoder.GradientCheckpointing;
        set => encoder.GradientCheckpointing = value;
    }

    /// <summary>Encodes tokens.</summary>
    /// <param name="input_ids">(B, L).</param>
    /// <param name="attention_mask">(B, L): 1 for tokens to look at, 0 for padding; null, as Stable Diffusion has it, for all.</param>
    /// <returns>The text states.</returns>
    public override CLIPTextOutput forward(Tensor input_ids, Tensor? attention_mask)
    {
        if (input_ids.shape[1] > config.MaxPositionEmbeddings)
            throw new ArgumentException($"{input_ids.shape[1]} tokens are more than the model's {config.MaxPositionEmbeddings} positions; "
                + "cut the prompt.", nameof(input_ids));
        using var scope = NewDisposeScope();
        var embedded = embeddings.call(input_ids); // (B, L, D)
        var states = encoder.call(embedded, Mask(input_ids, attention_mask, embedded.dtype));
        var last = final_layer_norm.call(states[^1]); // (B, L, D)
        var rows = arange(0, input_ids.shape[0], ScalarType.Int64, input_ids.device);
        var pooled = last.index(TensorIndex.Tensor(rows), TensorIndex.Tensor(PooledPosition(input_ids))); // (B, D)
        return new CLIPTextOutput(
            last.MoveToOuterDisposeScope(), pooled.MoveToOuterDisposeScope(), [.. states.Select(state => state.MoveToOuterDisposeScope())]);
    }

    // (B): argmax also finds the first end token, for of equal numbers it takes the first.
    private Tensor PooledPosition(Tensor input_ids) => config.EosTokenId == 2
        ? input_ids.to(ScalarType.Int32).argmax(-1)
        : input_ids.eq(config.EosTokenId).to(ScalarType.Int32).argmax(-1);

    private Tensor Mask(Tensor input_ids, Tensor? attention_mask, ScalarType dtype)
    {
        var (batch, length) = (input_ids.shape[0], input_ids.shape[1]);
        var causal = full(length, length, float.NegativeInfinity, dtype, input_ids.device).triu(1); // (L, L)
        if (attention_mask is null)
            return causal;
        var padding = zeros(batch, length, dtype, input_ids.device).masked_fill(attention_mask.eq(0), float.NegativeInfinity); // (B, L)
        return (causal + padding.unsqueeze(1)).repeat_interleave(config.NumAttentionHeads, 0); // (B·heads, L, L)
    }
}
