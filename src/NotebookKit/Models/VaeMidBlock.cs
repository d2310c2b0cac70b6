using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>The VAE's middle: residual block, attention, residual block (diffusers' <c>UNetMidBlock2D</c>).</summary>
public sealed class VaeMidBlock : Module<Tensor, Tensor>
{
    private readonly ModuleList<VaeAttention> attentions;
    private readonly ModuleList<ResnetBlock2D> resnets;

    /// <summary>Makes the block.</summary>
    /// <param name="channels">Channels in and out.</param>
    /// <param name="groups">Groups of the norms.</param>
    public VaeMidBlock(int channels, int groups) : base(nameof(VaeMidBlock))
    {
        attentions = ModuleList<VaeAttention>(new VaeAttention(channels, groups));
        resnets = ModuleList<ResnetBlock2D>(VaeBlocks.Resnets(channels, channels, 2, groups));
        RegisterComponents();
    }

    /// <summary>Applies the block.</summary>
    /// <param name="hidden">(B, C, H, W).</param>
    /// <returns>(B, C, H, W).</returns>
    public override Tensor forward(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        hidden = attentions[0].call(resnets[0].call(hidden, null));
        return resnets[1].call(hidden, null).MoveToOuterDisposeScope();
    }
}
