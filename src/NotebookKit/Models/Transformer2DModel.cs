using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>
/// The place where text meets picture (diffusers' <c>Transformer2DModel</c>): the picture's H·W positions become tokens,
/// go through transformer layers that attend to the text, and are added back to the picture.
/// </summary>
public sealed class Transformer2DModel : Module<Tensor, Tensor, Tensor>
{
    private readonly GroupNorm norm;
    private readonly Module<Tensor, Tensor> proj_in;
    private readonly ModuleList<BasicTransformerBlock> transformer_blocks;
    private readonly Module<Tensor, Tensor> proj_out;
    private readonly bool linearProjection;

    /// <summary>Makes the transformer.</summary>
    /// <param name="channels">Channels of the picture, which is also the tokens' width.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="layers">Transformer layers.</param>
    /// <param name="config">Gives the norm's groups, the width of the text, and whether projections are linear (SD 2) or 1×1 convolutions
    /// (SD 1).</param>
    public Transformer2DModel(int channels, int heads, int layers, UNet2DConditionConfig config)
        : base(nameof(Transformer2DModel))
    {
        linearProjection = config.UseLinearProjection;
        norm = Layers.GroupNorm(config.NormNumGroups, channels, 1e-6);
        proj_in = linearProjection ? Layers.Linear(channels, channels) : Layers.Conv2d(channels, channels, 1);
        transformer_blocks = ModuleList<BasicTransformerBlock>(
            [.. Enumerable.Range(0, layers).Select(_ => new BasicTransformerBlock(channels, heads, config.CrossAttentionDim))]);
        proj_out = linearProjection ? Layers.Linear(channels, channels) : Layers.Conv2d(channels, channels, 1);
        RegisterComponents();
    }

    /// <summary>Applies the transformer.</summary>
    /// <param name="input">(B, C, H, W).</param>
    /// <param name="context">(B, S, crossAttentionDim): the text states.</param>
    /// <returns>(B, C, H, W).</returns>
    public override Tensor forward(Tensor input, Tensor context)
    {
        using var scope = NewDisposeScope();
        var (batch, channels, height, width) = (input.shape[0], input.shape[1], input.shape[2], input.shape[3]);
        var hidden = norm.call(input);
        hidden = linearProjection ? proj_in.call(ToTokens(hidden)) : ToTokens(proj_in.call(hidden)); // (B, H·W, C)
        foreach (var block in transformer_blocks)
            hidden = block.call(hidden, context);
        hidden = linearProjection ? ToPicture(proj_out.call(hidden)) : proj_out.call(ToPicture(hidden).contiguous()); // (B, C, H, W)
        // The picture first: the sum takes its memory layout, which the convolutions after it want.
        return (input + hidden).MoveToOuterDisposeScope();

        // One copy here makes every later view of the tokens free.
        Tensor ToTokens(Tensor picture) => picture.flatten(2).transpose(1, 2).contiguous();
        Tensor ToPicture(Tensor tokens) => tokens.transpose(1, 2).reshape(batch, channels, height, width);
    }
}
