using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>
/// One layer of the UNet's transformer (Rombach et al. 2022, figure 3): self-attention, cross-attention to the text,
/// feed-forward, each after its own layer norm and with the input added back.
/// </summary>
public sealed class BasicTransformerBlock : Module<Tensor, Tensor, Tensor>
{
    private readonly LayerNorm norm1;
    private readonly Attention attn1;
    private readonly LayerNorm norm2;
    private readonly Attention attn2;
    private readonly LayerNorm norm3;
    private readonly FeedForward ff;

    /// <summary>Makes the layer.</summary>
    /// <param name="dim">Width of the picture's tokens.</param>
    /// <param name="heads">Heads of both attentions.</param>
    /// <param name="crossAttentionDim">Width of the text states.</param>
    public BasicTransformerBlock(int dim, int heads, int crossAttentionDim)
        : base(nameof(BasicTransformerBlock))
    {
        norm1 = Layers.LayerNorm(dim);
        attn1 = new Attention(dim, dim, heads);
        norm2 = Layers.LayerNorm(dim);
        attn2 = new Attention(dim, crossAttentionDim, heads);
        norm3 = Layers.LayerNorm(dim);
        ff = new FeedForward(dim);
        RegisterComponents();
    }

    /// <summary>Applies the layer.</summary>
    /// <param name="hidden">(B, L, dim).</param>
    /// <param name="context">(B, S, crossAttentionDim): the text states.</param>
    /// <returns>(B, L, dim).</returns>
    public override Tensor forward(Tensor hidden, Tensor context)
    {
        using var scope = NewDisposeScope();
        var normed = norm1.call(hidden);
        hidden = Fresh.Add(attn1.call(normed, normed), hidden);
        hidden = Fresh.Add(attn2.call(norm2.call(hidden), context), hidden);
        hidden = Fresh.Add(ff.call(norm3.call(hidden)), hidden);
        return hidden.MoveToOuterDisposeScope();
    }
}
