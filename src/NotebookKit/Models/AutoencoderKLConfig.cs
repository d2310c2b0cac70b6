using System.Text.Json;
using System.Text.Json.Serialization;
using NotebookKit.Checkpoints;
using static TorchSharp.torch;

namespace NotebookKit.Models;

/// <summary>The shape of an <see cref="AutoencoderKL"/>: the fields of diffusers' <c>config.json</c>, defaults those of Stable
/// Diffusion.</summary>
public sealed record AutoencoderKLConfig
{
    private static readonly Dictionary<string, string> Neutral = new()
    {
        ["act_fn"] = "silu|swish",
        ["latents_mean"] = "",
        ["latents_std"] = "",
        ["shift_factor"] = "",
    };

    /// <summary>Channels of the pictures: 3.</summary>
    public int InChannels { get; init; } = 3;

    /// <summary>Channels of the decoded pictures: 3.</summary>
    public int OutChannels { get; init; } = 3;

    /// <summary>The encoder's levels: <c>DownEncoderBlock2D</c> each; all but the last halve height and width.</summary>
    public IReadOnlyList<string> DownBlockTypes { get; init; } =
        ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"];

    /// <summary>The decoder's levels: <c>UpDecoderBlock2D</c> each.</summary>
    public IReadOnlyList<string> UpBlockTypes { get; init; } =
        ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"];

    /// <summary>Channels of each level, full resolution first.</summary>
    public IReadOnlyList<int> BlockOutChannels { get; init; } = [128, 256, 512, 512];

    /// <summary>Residual blocks per encoder level; the decoder has one more.</summary>
    public int LayersPerBlock { get; init; } = 2;

    /// <summary>Channels of the latents.</summary>
    public int LatentChannels { get; init; } = 4;

    /// <summary>Groups of every group norm; must divide every channel count.</summary>
    public int NormNumGroups { get; init; } = 32;

    /// <summary>Height and width in pixels of the pictures the model was trained on; null if not said.</summary>
    public int? SampleSize { get; init; }

    /// <summary>Latents are multiplied by this before the UNet sees them, so that their spread is about 1.</summary>
    public double ScalingFactor { get; init; } = 0.18215;

    /// <summary>Latents as the UNet is to see them.</summary>
    /// <param name="latents">As <see cref="AutoencoderKL.Encode"/> gives them.</param>
    public Tensor Scaled(Tensor latents) => latents * ScalingFactor;

    /// <summary>Latents as the decoder takes them.</summary>
    /// <param name="latents">As the UNet knows them.</param>
    public Tensor Unscaled(Tensor latents) => latents / ScalingFactor;

    /// <summary>Every other field of the file, kept for saving.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? OtherFields { get; init; }

    /// <summary>Pixels per latent along each side: 8 with four levels.</summary>
    [JsonIgnore]
    public int Factor => 1 << (BlockOutChannels.Count - 1);

    /// <summary>Reads a <c>config.json</c>.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The configuration.</returns>
    /// <exception cref="BadInputException">The file is missing or malformed, or asks for what this model does not have.</exception>
    public static AutoencoderKLConfig Load(string path)
    {
        var config = ConfigFile.Load<AutoencoderKLConfig>(path);
        config.Validate();
        return config;
    }

    /// <summary>Reads a configuration from JSON text.</summary>
    /// <param name="json">What a <c>config.json</c> holds.</param>
    /// <returns>The configuration.</returns>
    /// <exception cref="BadInputException">It is malformed, or asks for what this model does not have.</exception>
    public static AutoencoderKLConfig Parse(string json)
    {
        var config = ConfigFile.Parse<AutoencoderKLConfig>(json, "the VAE's configuration");
        config.Validate();
        return config;
    }

    /// <summary>Writes a <c>config.json</c> that diffusers reads.</summary>
    /// <param name="path">The file.</param>
    public void Save(string path) => ConfigFile.Save(path, this, "_class_name", nameof(AutoencoderKL));

    internal void Validate()
    {
        ConfigFile.RefuseUnknownFeatures(OtherFields, "VAE", Neutral);
        foreach (var field in new[] { "use_quant_conv", "use_post_quant_conv", "mid_block_add_attention" })
        {
            if (OtherFields?.TryGetValue(field, out var value) == true && value.ValueKind == JsonValueKind.False)
                throw new BadInputException(
                    $"This VAE does not have {field} = false; only models of the Stable Diffusion 1.x and 2.x kind load.");
        }

        var levels = BlockOutChannels.Count;
        if (levels is 0 or > 8 || DownBlockTypes.Count != levels || UpBlockTypes.Count != levels)
            throw new BadInputException("The VAE's block_out_channels, down_block_types and up_block_types must be equally long, 1 to 8; "
                + $"they have {levels}, {DownBlockTypes.Count} and {UpBlockTypes.Count} entries.");
        foreach (var type in DownBlockTypes.Concat(UpBlockTypes))
        {
            if (type is not ("DownEncoderBlock2D" or "UpDecoderBlock2D"))
                throw new BadInputException(
                    $"The VAE's block types name '{type}'; this VAE knows DownEncoderBlock2D and UpDecoderBlock2D.");
        }

        foreach (var (field, value) in new[]
        {
            ("in_channels", InChannels), ("out_channels", OutChannels), ("layers_per_block", LayersPerBlock),
            ("latent_channels", LatentChannels), ("norm_num_groups", NormNumGroups), ("sample_size", SampleSize ?? 1),
        })
        {
            if (value is < 1 or > 65536)
                throw new BadInputException($"The VAE's {field} is {value}; it must be from 1 to 65536.");
        }

        foreach (var channels in BlockOutChannels)
        {
            if (channels is < 1 or > 65536 || channels % NormNumGroups != 0)
                throw new BadInputException(
                    $"The VAE's block_out_channels has {channels}, which norm_num_groups {NormNumGroups} does not divide.");
        }

        if (!(ScalingFactor > 0) || double.IsInfinity(ScalingFactor))
            throw new BadInputException($"The VAE's scaling_factor is {ScalingFactor}; it must be a number above 0.");
    }
}
