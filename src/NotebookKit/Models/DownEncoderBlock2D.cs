using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>A level of the VAE's encoder: residual blocks, then halving (diffusers' <c>DownEncoderBlock2D</c>).</summary>
public sealed class DownEncoderBlock2D : Module<Tensor, Tensor>
{
    private readonly ModuleList<ResnetBlock2D> resnets;
    private readonly ModuleList<Downsample2D>? downsamplers;

    /// <summary>Makes the level.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="layers">Residual blocks.</param>
    /// <param name="groups">Groups of the norms.</param>
    /// <param name="downsample">Whether the level ends by halving height and width.</param>
    public DownEncoderBlock2D(int inChannels, int outChannels, int layers, int groups, bool downsample)
        : base(nameof(DownEncoderBlock2D))
    {
        resnets = ModuleList<ResnetBlock2D>(VaeBlocks.Resnets(inChannels, outChannels, layers, groups));
        if (downsample)
            downsamplers = ModuleList<Downsample2D>(new Downsample2D(outChannels, padding: 0));
        RegisterComponents();
    }

    /// <summary>Applies the level.</summary>
    /// <param name="hidden">(B, inChannels, H, W).</param>
    /// <returns>(B, outChannels, H/2, W/2), or (B, outChannels, H, W) at the lowest level.</returns>
    public override Tensor forward(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        foreach (var resnet in resnets)
            hidden = resnet.call(hidden, null);
        if (downsamplers is not null)
            hidden = downsamplers[0].call(hidden);
        return hidden.MoveToOuterDisposeScope();
    }
}
