using NotebookKit.Checkpoints;
using NotebookKit.Tensors;
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
        quant_conv = Layers.Conv2d(2 * config.LatentChannels, 2 * config.LatentChannels, 1);
        post_quant_conv = Layers.Conv2d(config.LatentChannels, config.LatentChannels, 1);
        RegisterComponents();
    }

    /// <summary>The shape of the network.</summary>
    public AutoencoderKLConfig Config { get; }

    /// <summary>
    /// Loads <c>config.json</c> and <c>diffusion_pytorch_model.safetensors</c> (or shards, or a PyTorch file) from a folder. The published
    /// SD 1.5 files
    /// still use the attention's old names (query, key, value, proj_attn); they are read too.
    /// </summary>
    /// <param name="folder">The <c>vae</c> folder of a model in the diffusers layout.</param>
    /// <param name="dtype">Type of the parameters.</param>
    /// <param name="device">Where they go; the CPU when null.</param>
    /// <param name="variant">Which of several sets of weights, such as <c>fp16</c>; the plain one when null.</param>
    /// <returns>The network with the file's weights.</returns>
    /// <exception cref="BadInputException">A file is missing, malformed, or does not fit the configuration.</exception>
    public static AutoencoderKL FromPretrained(string folder, ScalarType dtype = ScalarType.Float32, Device? device = null,
        string? variant = null)
    {
        var config = AutoencoderKLConfig.Load(Path.Combine(folder, "config.json"));
        return PretrainedWeights.Load(() => new AutoencoderKL(config), folder, WeightFolder.DiffusersName, dtype, device, variant);
    }

    /// <summary>Writes <c>config.json</c> and <c>diffusion_pytorch_model.safetensors</c>, which diffusers can load.</summary>
    /// <param name="folder">Made when missing.</param>
    /// <param name="dtype">Type to store.</param>
    public void SavePretrained(string folder, ScalarType dtype)
    {
        Config.Save(Path.Combine(folder, "config.json"));
        PretrainedWeights.Save(this, Path.Combine(folder, WeightFolder.DiffusersName), dtype);
    }

    /// <summary>
    /// Pictures of more than 2¼ times this many latents squared are worked on in overlapping tiles of this many latents a
    /// side, where no gradients are kept: memory then grows with the tile, not with the picture. 0 for never. Colours
    /// can differ a little from those of the whole, because norms and attention see one tile at a time.
    /// </summary>
    public int TileSize { get; set; } = 64;

    /// <summary>
    /// Encodes pictures. Without gradients, large ones go one at a time, and very large ones in tiles (<see cref="TileSize"/>).
    /// </summary>
    /// <param name="images">(B, 3, H, W) in [-1, 1]; H and W multiples of <see cref="AutoencoderKLConfig.Factor"/>.</param>
    /// <returns>The distribution of the latents, not yet scaled by <see cref="AutoencoderKLConfig.ScalingFactor"/>.</returns>
    public DiagonalGaussian Encode(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        var factor = Config.Factor;
        return new DiagonalGaussian(InParts(images, images.shape[2] / factor, images.shape[3] / factor, new VaeTiles(TileSize, factor, 1),
            EncodeWhole));
    }

    /// <summary>
    /// Decodes latents. Without gradients, large pictures go one at a time, and very large ones in tiles (<see cref="TileSize"/>).
    /// </summary>
    /// <param name="latents">(B, 4, h, w), already divided by <see cref="AutoencoderKLConfig.ScalingFactor"/>.</param>
    /// <returns>(B, 3, H, W), about [-1, 1]; not clamped.</returns>
    public Tensor Decode(Tensor latents)
    {
        ArgumentNullException.ThrowIfNull(latents);
        return InParts(latents, latents.shape[2], latents.shape[3], new VaeTiles(TileSize, 1, Config.Factor), DecodeWhole);
    }

    private Tensor InParts(Tensor input, long height, long width, VaeTiles tiles, Func<Tensor, Tensor> apply)
    {
        if (is_grad_enabled() || TileSize <= 0)
            return apply(input);
        var tiled = height * width > 9L * TileSize * TileSize / 4;
        if (!tiled && (input.shape[0] == 1 || input.shape[0] * height * width <= TileSize * TileSize))
            return apply(input);
        var each = new List<Tensor>();
        for (var i = 0L; i < input.shape[0]; i++)
            each.Add(tiled ? tiles.Apply(input.narrow(0, i, 1), apply) : apply(input.narrow(0, i, 1)));
        return each.Count == 1 ? each[0] : cat([.. each], 0);
    }

    // (B, 2·4, h, w): means, then log variances.
    private Tensor EncodeWhole(Tensor images)
    {
        using var hidden = encoder.call(images);
        return quant_conv.call(hidden);
    }

    private Tensor DecodeWhole(Tensor latents)
    {
        using var hidden = post_quant_conv.call(latents);
        return decoder.call(hidden);
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
