using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>The UNet's bottom: residual block, transformer, residual block (diffusers' <c>UNetMidBlock2DCrossAttn</c>).</summary>
public sealed class UNetMidBlock2DCrossAttn : Module<Tensor, Tensor, Tensor, Tensor>
{
    private readonly ModuleList<Transformer2DModel> attentions;
    private readonly ModuleList<ResnetBlock2D> resnets;

    /// <summary>Makes the block.</summary>
    /// <param name="channels">Channels in and out: those of the lowest level.</param>
    /// <param name="config">The UNet's configuration.</param>
    public UNetMidBlock2DCrossAttn(int channels, UNet2DConditionConfig config) : base(nameof(UNetMidBlock2DCrossAttn))
    {
        attentions = ModuleList<Transformer2DModel>(config.Transformer(channels, config.BlockOutChannels.Count - 1));
        resnets = ModuleList<ResnetBlock2D>(config.Resnet(channels, channels), config.Resnet(channels, channels));
        RegisterComponents();
    }

    /// <summary>Whether every residual block and transformer keeps only its inputs for backward.</summary>
    internal bool GradientCheckpointing { get; set; }

    /// <summary>Applies the block.</summary>
    /// <param name="hidden">(B, C, H, W).</param>
    /// <param name="activatedTime">(B, T).</param>
    /// <param name="context">(B, S, D): the text states.</param>
    /// <returns>(B, C, H, W).</returns>
    public override Tensor forward(Tensor hidden, Tensor activatedTime, Tensor context)
    {
        using var scope = NewDisposeScope();
        hidden = resnets[0].Call(hidden, activatedTime, GradientCheckpointing);
        hidden = attentions[0].Call(hidden, context, GradientCheckpointing);
        return resnets[1].Call(hidden, activatedTime, GradientCheckpointing).MoveToOuterDisposeScope();
    }
}
