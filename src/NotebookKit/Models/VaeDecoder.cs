using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>The VAE's decoder: latents to picture (diffusers' <c>Decoder</c>).</summary>
public sealed class VaeDecoder : Module<Tensor, Tensor>
{
    private readonly Conv2d conv_in;
    private readonly VaeMidBlock mid_block;
    private readonly ModuleList<UpDecoderBlock2D> up_blocks;
    private readonly GroupNorm conv_norm_out;
    private readonly Conv2d conv_out;

    /// <summary>Makes the decoder.</summary>
    /// <param name="config">The VAE's shape.</param>
    public VaeDecoder(AutoencoderKLConfig config) : base(nameof(VaeDecoder))
    {
        ArgumentNullException.ThrowIfNull(config);
        int[] channels = [.. config.BlockOutChannels.Reverse()];
        conv_in = Layers.Conv2d(config.LatentChannels, channels[0], 3, padding: 1);
        mid_block = new VaeMidBlock(channels[0], config.NormNumGroups);
        up_blocks = ModuleList<UpDecoderBlock2D>([.. channels.Select((width, i) => new UpDecoderBlock2D(
            channels[Math.Max(i - 1, 0)], width, config.LayersPerBlock + 1, config.NormNumGroups, upsample: i < channels.Length - 1))]);
        conv_norm_out = Layers.GroupNorm(config.NormNumGroups, channels[^1], VaeBlocks.Eps);
        conv_out = Layers.Conv2d(channels[^1], config.OutChannels, 3, padding: 1);
        RegisterComponents();
    }

    /// <summary>Decodes.</summary>
    /// <param name="latents">(B, latentChannels, h, w).</param>
    /// <returns>(B, 3, h·f, w·f), about [-1, 1].</returns>
    public override Tensor forward(Tensor latents)
    {
        using var scope = NewDisposeScope();
        var hidden = mid_block.call(conv_in.call(latents));
        foreach (var block in up_blocks)
            hidden = block.call(hidden);
        hidden = Fresh.Silu(conv_norm_out.call(hidden));
        return conv_out.call(hidden).MoveToOuterDisposeScope();
    }
}
