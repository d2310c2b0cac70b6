using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>A level of the VAE's decoder: residual blocks, then doubling (diffusers' <c>UpDecoderBlock2D</c>).</summary>
public sealed class UpDecoderBlock2D : Module<Tensor, Tensor>
{
    private readonly ModuleList<ResnetBlock2D> resnets;
    private readonly ModuleList<Upsample2D>? upsamplers;

    /// <summary>Makes the level.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="layers">Residual blocks.</param>
    /// <param name="groups">Groups of the norms.</param>
    /// <param name="upsample">Whether the level ends by doubling height and width.</param>
    public UpDecoderBlock2D(int inChannels, int outChannels, int layers, int groups, bool upsample)
        : base(nameof(UpDecoderBlock2D))
    {
        resnets = ModuleList<ResnetBlock2D>(VaeBlocks.Resnets(inChannels, outChannels, layers, groups));
        if (upsample)
            upsamplers = ModuleList<Upsample2D>(new Upsample2D(outChannels));
        RegisterComponents();
    }

    /// <summary>Applies the level.</summary>
    /// <param name="hidden">(B, inChannels, H, W).</param>
    /// <returns>(B, outChannels, 2H, 2W), or (B, outChannels, H, W) at the highest level.</returns>
    public override Tensor forward(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        foreach (var resnet in resnets)
            hidden = resnet.call(hidden, null);
        if (upsamplers is not null)
            hidden = upsamplers[0].call(hidden);
        return hidden.MoveToOuterDisposeScope();
    }
}
