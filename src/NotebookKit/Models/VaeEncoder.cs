using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>The VAE's encoder: picture to the means and log variances of its latents (diffusers' <c>Encoder</c>).</summary>
public sealed class VaeEncoder : Module<Tensor, Tensor>
{
    private readonly Conv2d conv_in;
    private readonly ModuleList<DownEncoderBlock2D> down_blocks;
    private readonly VaeMidBlock mid_block;
    private readonly GroupNorm conv_norm_out;
    private readonly Conv2d conv_out;

    /// <summary>Makes the encoder.</summary>
    /// <param name="config">The VAE's shape.</param>
    public VaeEncoder(AutoencoderKLConfig config) : base(nameof(VaeEncoder))
    {
        ArgumentNullException.ThrowIfNull(config);
        var channels = config.BlockOutChannels;
        var last = channels.Count - 1;
        conv_in = Layers.Conv2d(config.InChannels, channels[0], 3, padding: 1);
        down_blocks = ModuleList<DownEncoderBlock2D>([.. channels.Select((width, i) => new DownEncoderBlock2D(
            channels[Math.Max(i - 1, 0)], width, config.LayersPerBlock, config.NormNumGroups, downsample: i < last))]);
        mid_block = new VaeMidBlock(channels[last], config.NormNumGroups);
        conv_norm_out = Layers.GroupNorm(config.NormNumGroups, channels[last], VaeBlocks.Eps);
        conv_out = Layers.Conv2d(channels[last], 2 * config.LatentChannels, 3, padding: 1);
        RegisterComponents();
    }

    /// <summary>Encodes.</summary>
    /// <param name="images">(B, 3, H, W) in [-1, 1].</param>
    /// <returns>(B, 2·latentChannels, H/f, W/f).</returns>
    public override Tensor forward(Tensor images)
    {
        using var scope = NewDisposeScope();
        var hidden = conv_in.call(images);
        foreach (var block in down_blocks)
            hidden = block.call(hidden);
        hidden = functional.silu(conv_norm_out.call(mid_block.call(hidden)));
        return conv_out.call(hidden).MoveToOuterDisposeScope();
    }
}
