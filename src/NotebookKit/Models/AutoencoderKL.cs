using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>
/// The variational autoencoder of Stable Diffusion (Rombach et al. 2022; Kingma and Welling 2013): pictures to small
/// latents, on which the diffusion runs, and back. Module names are those of diffusers' <c>AutoencoderKL</c>.
/// </summary>
public sealed class AutoencoderKL : Module<Tensor, Tensor>
{
    private readonly VaeEncoder encoder;
    private readonly VaeDecoder decoder;
    private readonly Conv2d quant_conv;
    private readonly Conv2d post_quant_conv;
    private readonly Conv2d? patch_encoder;
    private readonly Conv2d? patch_decoder;

    /// <summary>Makes a VAE with random weights.</summary>
    /// <param name="config">Its shape.</param>
    /// <exception cref="BadInputException">The configuration asks for something that this VAE does not have.</exception>
    public AutoencoderKL(AutoencoderKLConfig config) : base(nameof(AutoencoderKL))
    {
        ArgumentNullException.ThrowIfNull(config);
        Config = config;
        config.Validate();
        encoder = new VaeEncoder(config);
        decoder = new VaeDecoder(config);
        quant_conv = Conv2d(2 * config.LatentChannels, 2 * config.LatentChannels, 1);
        post_quant_conv = Conv2d(config.LatentChannels, config.LatentChannels, 1);
        if (config.PatchSkip)
        {
            patch_encoder = Conv2d(config.InChannels, config.LatentChannels, config.Factor, stride: config.Factor);
            patch_decoder = Conv2d(config.LatentChannels, config.OutChannels * config.Factor * config.Factor, 1);
        }
        RegisterComponents();
    }

    /// <summary>The shape of the network.</summary>
    public AutoencoderKLConfig Config { get; }

    /// <summary>
    /// Loads <c>config.json</c> and <c>diffusion_pytorch_model.safetensors</c> (or shards, or a PyTorch file) from a folder. The published SD 1.5 files
    /// still use the attention's old names (query, key, value, proj_attn); they are read too.
    /// </summary>
    /// <param name="folder">The <c>vae</c> folder of a model in the diffusers layout.</param>
    /// <param name="dtype">Type of the parameters.</param>
    /// <param name="device">Where they go; the CPU when null.</param>
    /// <param name="variant">Which of several sets of weights, such as <c>fp16</c>; the plain one when null.</param>
    /// <returns>The network with the file's weights.</returns>
    /// <exception cref="BadInputException">A file is missing, malformed, or does not fit the configuration.</exception>
    public static AutoencoderKL FromPretrained(string folder, ScalarType dtype = ScalarType.Float32, Device? device = null, string? variant = null)
    {
        var config = AutoencoderKLConfig.Load(Path.Combine(folder, "config.json"));
        return PretrainedWeights.Load(() => new AutoencoderKL(config), folder, PretrainedWeights.DiffusersName, dtype, device, variant);
    }

    /// <summary>Writes <c>config.json</c> and <c>diffusion_pytorch_model.safetensors</c>, which diffusers can load.</summary>
    /// <param name="folder">Made when missing.</param>
    /// <param name="dtype">Type to store.</param>
    public void SavePretrained(string folder, ScalarType dtype)
    {
        Config.Save(Path.Combine(folder, "config.json"));
        PretrainedWeights.Save(this, Path.Combine(folder, PretrainedWeights.DiffusersName), dtype);
    }

    /// <summary>Encodes pictures.</summary>
    /// <param name="images">(B, 3, H, W) in [-1, 1]; H and W multiples of <see cref="AutoencoderKLConfig.Factor"/>.</param>
    /// <returns>The distribution of the latents, not yet scaled by <see cref="AutoencoderKLConfig.ScalingFactor"/>.</returns>
    public DiagonalGaussian Encode(Tensor images)
    {
        using var hidden = encoder.call(images);
        var moments = quant_conv.call(hidden);
        if (patch_encoder is null)
            return new DiagonalGaussian(moments);
        var halves = moments.chunk(2, 1);
        return new DiagonalGaussian(cat([halves[0] + patch_encoder.call(images), halves[1]], 1));
    }

    /// <summary>Decodes latents.</summary>
    /// <param name="latents">(B, 4, h, w), already divided by <see cref="AutoencoderKLConfig.ScalingFactor"/>.</param>
    /// <returns>(B, 3, H, W), about [-1, 1]; not clamped.</returns>
    public Tensor Decode(Tensor latents)
    {
        using var hidden = post_quant_conv.call(latents);
        var images = decoder.call(hidden);
        if (patch_decoder is null)
            return images;
        var (batch, height, width) = (latents.shape[0], latents.shape[2], latents.shape[3]);
        var side = Config.Factor;
        var patches = patch_decoder.call(latents).view(batch, Config.OutChannels, side, side, height, width); // (B, 3, f, f, h, w)
        return images + patches.permute(0, 1, 4, 2, 5, 3).reshape(batch, Config.OutChannels, height * side, width * side);
    }

    /// <summary>Encodes pictures and decodes the likeliest latents.</summary>
    /// <param name="images">(B, 3, H, W) in [-1, 1].</param>
    /// <returns>(B, 3, H, W).</returns>
    public override Tensor forward(Tensor images)
    {
        using var scope = NewDisposeScope();
        return Decode(Encode(images).Mode).MoveToOuterDisposeScope();
    }
}
