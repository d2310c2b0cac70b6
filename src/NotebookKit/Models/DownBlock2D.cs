using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>A level on the way down without text: residual blocks, then halving (diffusers' <c>DownBlock2D</c>).</summary>
public sealed class DownBlock2D : UNetDownBlock
{
    private readonly ModuleList<ResnetBlock2D> resnets;
    private readonly ModuleList<Downsample2D>? downsamplers;

    /// <summary>Makes the level.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="level">The level's index, 0 at full resolution.</param>
    /// <param name="downsample">Whether the level ends by halving.</param>
    /// <param name="config">The UNet's configuration.</param>
    public DownBlock2D(int inChannels, int outChannels, int level, bool downsample, UNet2DConditionConfig config)
        : base(nameof(DownBlock2D))
    {
        resnets = ModuleList<ResnetBlock2D>([.. Enumerable.Range(0, config.LayersPerBlock[level]).Select(
            i => config.Resnet(i == 0 ? inChannels : outChannels, outChannels))]);
        if (downsample)
            downsamplers = ModuleList<Downsample2D>(new Downsample2D(outChannels, config.DownsamplePadding));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Tensor> forward(Tensor hidden, Tensor activatedTime, Tensor context)
    {
        var outputs = new List<Tensor>();
        foreach (var resnet in resnets)
            outputs.Add(hidden = resnet.Call(hidden, activatedTime, GradientCheckpointing));
        if (downsamplers is not null)
            outputs.Add(downsamplers[0].call(hidden));
        return outputs;
    }
}
