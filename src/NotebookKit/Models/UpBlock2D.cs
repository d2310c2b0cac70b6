using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>A level on the way up without text (diffusers' <c>UpBlock2D</c>).</summary>
public sealed class UpBlock2D : UNetUpBlock
{
    private readonly ModuleList<ResnetBlock2D> resnets;
    private readonly ModuleList<Upsample2D>? upsamplers;

    /// <summary>Makes the level.</summary>
    /// <param name="channels">The widths that meet here.</param>
    /// <param name="level">The level's index, 0 at full resolution.</param>
    /// <param name="upsample">Whether the level ends by doubling.</param>
    /// <param name="config">The UNet's configuration.</param>
    public UpBlock2D(UpChannels channels, int level, bool upsample, UNet2DConditionConfig config) : base(nameof(UpBlock2D))
    {
        resnets = ModuleList<ResnetBlock2D>(Resnets(channels, level, config));
        if (upsample)
            upsamplers = ModuleList<Upsample2D>(new Upsample2D(channels.Level));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor hidden, Stack<Tensor> skips, Tensor activatedTime, Tensor context)
    {
        using var scope = NewDisposeScope();
        foreach (var resnet in resnets)
        {
            using var joined = Join(hidden, skips);
            hidden = resnet.Call(joined, activatedTime, GradientCheckpointing);
        }

        if (upsamplers is not null)
            hidden = upsamplers[0].To(hidden, skips.Peek().shape[2], skips.Peek().shape[3]);
        return hidden.MoveToOuterDisposeScope();
    }
}
