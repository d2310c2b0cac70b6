using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>
/// Multi-head attention (Vaswani et al. 2017) as the UNet uses it: softmax(QKᵀ/√d)·V, where Q comes from the picture and
/// K, V from the picture itself (self-attention) or from the text states (cross-attention). The projections
/// <c>to_q</c>, <c>to_k</c>, <c>to_v</c> and <c>to_out.0</c> are what LoRA usually adapts.
/// </summary>
public sealed class Attention : Module<Tensor, Tensor, Tensor>
{
    private readonly Linear to_q;
    private readonly Linear to_k;
    private readonly Linear to_v;
    private readonly ModuleList<Module<Tensor, Tensor>> to_out;
    private readonly int heads;

    /// <summary>Makes the layer.</summary>
    /// <param name="queryDim">Width of the picture's tokens.</param>
    /// <param name="contextDim">Width of what is attended to; equal to <paramref name="queryDim"/> for self-attention.</param>
    /// <param name="heads">Number of heads; must divide <paramref name="queryDim"/>.</param>
    public Attention(int queryDim, int contextDim, int heads) : base(nameof(Attention))
    {
        this.heads = heads;
        to_q = Layers.Linear(queryDim, queryDim, hasBias: false);
        to_k = Layers.Linear(contextDim, queryDim, hasBias: false);
        to_v = Layers.Linear(contextDim, queryDim, hasBias: false);
        to_out = ModuleList<Module<Tensor, Tensor>>(Layers.Linear(queryDim, queryDim));
        RegisterComponents();
    }

    /// <summary>Attends.</summary>
    /// <param name="hidden">(B, L, queryDim): the picture's tokens.</param>
    /// <param name="context">(B, S, contextDim): the text states, or <paramref name="hidden"/> itself.</param>
    /// <returns>(B, L, queryDim).</returns>
    public override Tensor forward(Tensor hidden, Tensor context)
    {
        using var scope = NewDisposeScope();
        var attended = ScaledDotProduct.Attend(to_q.call(hidden), to_k.call(context), to_v.call(context), heads, null);
        return to_out[0].call(attended).MoveToOuterDisposeScope();
    }
}
