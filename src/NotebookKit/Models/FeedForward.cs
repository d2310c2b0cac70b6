using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>The transformer's feed-forward part: a gated unit four times as wide, and back (diffusers' <c>FeedForward</c>).</summary>
public sealed class FeedForward : Module<Tensor, Tensor>
{
    private readonly ModuleList<Module<Tensor, Tensor>> net;

    /// <summary>Makes the layer.</summary>
    /// <param name="dim">Width of input and output.</param>
    public FeedForward(int dim) : base(nameof(FeedForward))
    {
        // The middle one stands where other tools have their dropout: the names net.0 and net.2 are the format.
        net = ModuleList<Module<Tensor, Tensor>>(new GEGLU(dim, dim * 4), Identity(), Layers.Linear(dim * 4, dim));
        RegisterComponents();
    }

    /// <summary>Applies the layer.</summary>
    /// <param name="hidden">(B, L, dim).</param>
    /// <returns>(B, L, dim).</returns>
    public override Tensor forward(Tensor hidden)
    {
        using var wide = net[0].call(hidden); // (B, L, 4·dim)
        return net[2].call(wide);
    }
}
