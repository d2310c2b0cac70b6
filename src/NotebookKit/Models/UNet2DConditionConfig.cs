using System.Text.Json;
using System.Text.Json.Serialization;
using NotebookKit.Checkpoints;

namespace NotebookKit.Models;

/// <summary>
/// The shape of a <see cref="UNet2DConditionModel"/>: the fields of diffusers' <c>config.json</c>, with its defaults,
/// which are those of Stable Diffusion 1.x but for <see cref="CrossAttentionDim"/> (768 there).
/// </summary>
public sealed record UNet2DConditionConfig
{
    private static readonly Dictionary<string, string> Neutral = new()
    {
        ["center_input_sample"] = "",
        ["mid_block_type"] = "UNetMidBlock2DCrossAttn",
        ["only_cross_attention"] = "",
        ["mid_block_scale_factor"] = "1",
        ["dropout"] = "0",
        ["act_fn"] = "silu|swish",
        ["encoder_hid_dim"] = "",
        ["encoder_hid_dim_type"] = "",
        ["dual_cross_attention"] = "",
        ["class_embed_type"] = "",
        ["addition_embed_type"] = "",
        ["num_class_embeds"] = "",
        ["resnet_time_scale_shift"] = "default",
        ["resnet_skip_time_act"] = "",
        ["resnet_out_scale_factor"] = "1",
        ["time_embedding_type"] = "positional",
        ["time_embedding_act_fn"] = "",
        ["timestep_post_act"] = "",
        ["time_cond_proj_dim"] = "",
        ["conv_in_kernel"] = "3",
        ["conv_out_kernel"] = "3",
        ["attention_type"] = "default",
        ["class_embeddings_concat"] = "",
        ["mid_block_only_cross_attention"] = "",
        ["cross_attention_norm"] = "",
        ["reverse_transformer_layers_per_block"] = "",
    };

    /// <summary>Height and width of the latents the model was trained on: 64 for SD 1.x (512 pixels); null if not said.</summary>
    public int? SampleSize { get; init; }

    /// <summary>Channels of the latents going in.</summary>
    public int InChannels { get; init; } = 4;

    /// <summary>Channels of the prediction.</summary>
    public int OutChannels { get; init; } = 4;

    /// <summary>Cosines before sines in the timestep embedding.</summary>
    public bool FlipSinToCos { get; init; } = true;

    /// <summary>Shift of the timestep embedding's exponent.</summary>
    public double FreqShift { get; init; }

    /// <summary>The levels on the way down: <c>CrossAttnDownBlock2D</c> or <c>DownBlock2D</c> each.</summary>
    public IReadOnlyList<string> DownBlockTypes { get; init; } =
        ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"];

    /// <summary>The levels on the way up, lowest first: <c>CrossAttnUpBlock2D</c> or <c>UpBlock2D</c> each.</summary>
    public IReadOnlyList<string> UpBlockTypes { get; init; } =
        ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"];

    /// <summary>Channels of each level, full resolution first.</summary>
    public IReadOnlyList<int> BlockOutChannels { get; init; } = [320, 640, 1280, 1280];

    /// <summary>Residual blocks per level on the way down; the way up has one more.</summary>
    public PerLevel LayersPerBlock { get; init; } = 2;

    /// <summary>Padding of the halving convolutions.</summary>
    public int DownsamplePadding { get; init; } = 1;

    /// <summary>Groups of every group norm; must divide every channel count.</summary>
    public int NormNumGroups { get; init; } = 32;

    /// <summary>Epsilon of the residual blocks' norms.</summary>
    public double NormEps { get; init; } = 1e-5;

    /// <summary>Width of the text states: 768 in SD 1.x, 1024 in SD 2.x.</summary>
    public int CrossAttentionDim { get; init; } = 1280;

    /// <summary>Transformer layers after each residual block.</summary>
    public PerLevel TransformerLayersPerBlock { get; init; } = 1;

    /// <summary>
    /// The number of heads of each level, in spite of the name: an old mistake of diffusers that its files carry on.
    /// </summary>
    public PerLevel AttentionHeadDim { get; init; } = 8;

    /// <summary>The number of heads of each level under its right name; null in every published SD file.</summary>
    public PerLevel? NumAttentionHeads { get; init; }

    /// <summary>Linear projections round the transformers (SD 2.x) instead of 1×1 convolutions (SD 1.x).</summary>
    public bool UseLinearProjection { get; init; }

    /// <summary>Attention scores in float32 whatever the model's type (SD 2.1 at 768 pixels).</summary>
    public bool UpcastAttention { get; init; }

    /// <summary>Width of the timestep's perceptron; four times the first level's channels when null.</summary>
    public int? TimeEmbeddingDim { get; init; }

    /// <summary>Every other field of the file, kept for saving.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? OtherFields { get; init; }

    /// <summary>Whether its layers are much narrower than Stable Diffusion's (320 channels and more), so that calls cost more than
    /// arithmetic.</summary>
    internal bool IsMiniature => BlockOutChannels.Min() < 128;

    internal int TimeWidth => TimeEmbeddingDim ?? BlockOutChannels[0] * 4;

    /// <summary>Reads a <c>config.json</c>.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The configuration.</returns>
    /// <exception cref="BadInputException">The file is missing or malformed, or asks for what this UNet does not have.</exception>
    public static UNet2DConditionConfig Load(string path)
    {
        var config = ConfigFile.Load<UNet2DConditionConfig>(path);
        config.Validate();
        return config;
    }

    /// <summary>Reads a configuration from JSON text.</summary>
    /// <param name="json">What a <c>config.json</c> holds.</param>
    /// <returns>The configuration.</returns>
    /// <exception cref="BadInputException">It is malformed, or asks for what this UNet does not have.</exception>
    public static UNet2DConditionConfig Parse(string json)
    {
        var config = ConfigFile.Parse<UNet2DConditionConfig>(json, "the UNet's configuration");
        config.Validate();
        return config;
    }

    /// <summary>Writes a <c>config.json</c> that diffusers reads.</summary>
    /// <param name="path">The file.</param>
    public void Save(string path) => ConfigFile.Save(path, this, "_class_name", nameof(UNet2DConditionModel));

    internal int HeadsAt(int level) => (NumAttentionHeads ?? AttentionHeadDim)[level];

    internal ResnetBlock2D Resnet(int inChannels, int outChannels) =>
        new(inChannels, outChannels, TimeWidth, NormNumGroups, NormEps);

    internal Transformer2DModel Transformer(int channels, int level) =>
        new(channels, HeadsAt(level), TransformerLayersPerBlock[level], this);

    internal void Validate()
    {
        ConfigFile.RefuseUnknownFeatures(OtherFields, "UNet", Neutral);
        var levels = BlockOutChannels.Count;
        if (levels == 0 || DownBlockTypes.Count != levels || UpBlockTypes.Count != levels)
            throw new BadInputException("The UNet's block_out_channels, down_block_types and up_block_types must be equally long; they "
                + $"have {levels}, {DownBlockTypes.Count} and {UpBlockTypes.Count} entries.");
        foreach (var (field, value) in new[]
        {
            ("layers_per_block", LayersPerBlock), ("transformer_layers_per_block", TransformerLayersPerBlock),
            ("attention_head_dim", AttentionHeadDim), ("num_attention_heads", NumAttentionHeads ?? 1),
        })
        {
            if (value.Count != 1 && value.Count != levels)
                throw new BadInputException($"The UNet's {field} {value} must be one number or {levels}, one per level.");
            if (value.Any(number => number is < 1 or > 1024))
                throw new BadInputException($"The UNet's {field} {value} must be from 1 to 1024.");
        }

        foreach (var (field, value) in new[]
        {
            ("in_channels", InChannels), ("out_channels", OutChannels), ("norm_num_groups", NormNumGroups),
            ("cross_attention_dim", CrossAttentionDim), ("time_embedding_dim", TimeWidth), ("sample_size", SampleSize ?? 1),
        })
        {
            if (value is < 1 or > 65536)
                throw new BadInputException($"The UNet's {field} is {value}; it must be from 1 to 65536.");
        }

        for (var level = 0; level < levels; level++)
        {
            var channels = BlockOutChannels[level];
            if (channels is < 1 or > 65536 || channels % NormNumGroups != 0)
                throw new BadInputException(
                    $"The UNet's block_out_channels has {channels}, which norm_num_groups {NormNumGroups} does not divide.");
            if (channels % HeadsAt(level) != 0)
                throw new BadInputException(
                    $"The UNet's {HeadsAt(level)} attention heads do not divide the {channels} channels of level {level}.");
        }
    }
}
