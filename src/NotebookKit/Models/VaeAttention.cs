using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>
/// The VAE's one attention layer: every position of the small picture in the middle looks at every other, with a single
/// head (diffusers' <c>Attention</c> with a group norm and a residual connection).
/// </summary>
public sealed class VaeAttention : Module<Tensor, Tensor>
{
    private readonly GroupNorm group_norm;
    private readonly Linear to_q;
    private readonly Linear to_k;
    private readonly Linear to_v;
    private readonly ModuleList<Module<Tensor, Tensor>> to_out;

    /// <summary>Makes the layer.</summary>
    /// <param name="channels">Channels in and out.</param>
    /// <param name="groups">Groups of the norm.</param>
    public VaeAttention(int channels, int groups) : base(nameof(VaeAttention))
    {
        group_norm = Layers.GroupNorm(groups, channels, VaeBlocks.Eps);
        to_q = Layers.Linear(channels, channels);
        to_k = Layers.Linear(channels, channels);
        to_v = Layers.Linear(channels, channels);
        to_out = ModuleList<Module<Tensor, Tensor>>(Layers.Linear(channels, channels));
        RegisterComponents();
    }

    /// <summary>Attends.</summary>
    /// <param name="input">(B, C, H, W).</param>
    /// <returns>(B, C, H, W).</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var tokens = group_norm.call(input).flatten(2).transpose(1, 2).contiguous(); // (B, H·W, C)
        var attended = ScaledDotProduct.Attend(to_q.call(tokens), to_k.call(tokens), to_v.call(tokens), heads: 1, mask: null);
        var picture = to_out[0].call(attended).transpose(1, 2).reshape(input.shape); // (B, C, H, W)
        return (input + picture).MoveToOuterDisposeScope();
    }
}
