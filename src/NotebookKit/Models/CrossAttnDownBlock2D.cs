using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>
/// A level on the way down that looks at the text: each residual block is followed by a transformer, then halving
/// (diffusers' <c>CrossAttnDownBlock2D</c>).
/// </summary>
public sealed class CrossAttnDownBlock2D : UNetDownBlock
{
    private readonly ModuleList<Transformer2DModel> attentions;
    private readonly ModuleList<ResnetBlock2D> resnets;
    private readonly ModuleList<Downsample2D>? downsamplers;

    /// <summary>Makes the level.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="level">The level's index, 0 at full resolution.</param>
    /// <param name="downsample">Whether the level ends by halving.</param>
    /// <param name="config">The UNet's configuration.</param>
    public CrossAttnDownBlock2D(int inChannels, int outChannels, int level, bool downsample, UNet2DConditionConfig config)
        : base(nameof(CrossAttnDownBlock2D))
    {
        var layers = config.LayersPerBlock[level];
        resnets = ModuleList<ResnetBlock2D>([.. Enumerable.Range(0, layers).Select(
            i => config.Resnet(i == 0 ? inChannels : outChannels, outChannels))]);
        attentions = ModuleList<Transformer2DModel>([.. Enumerable.Range(0, layers).Select(
            _ => config.Transformer(outChannels, level))]);
        if (downsample)
            downsamplers = ModuleList<Downsample2D>(new Downsample2D(outChannels, config.DownsamplePadding));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Tensor> forward(Tensor hidden, Tensor activatedTime, Tensor context)
    {
        var outputs = new List<Tensor>();
        for (var i = 0; i < resnets.Count; i++)
        {
            using var residual = resnets[i].Call(hidden, activatedTime, GradientCheckpointing);
            outputs.Add(hidden = attentions[i].Call(residual, context, GradientCheckpointing));
        }

        if (downsamplers is not null)
            outputs.Add(downsamplers[0].call(hidden));
        return outputs;
    }
}
