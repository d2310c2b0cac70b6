using NotebookKit.Checkpoints;
using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>
/// The network at the heart of Stable Diffusion (Rombach et al. 2022): given a noisy latent, how noisy it is, and the
/// text, it predicts the noise. Module names are those of diffusers' <c>UNet2DConditionModel</c>, so that its files load
/// as they are.
/// </summary>
public sealed class UNet2DConditionModel : Module<Tensor, Tensor, Tensor, Tensor>
{
    private readonly Conv2d conv_in;
    private readonly Timesteps time_proj;
    private readonly TimestepEmbedding time_embedding;
    private readonly ModuleList<UNetDownBlock> down_blocks;
    private readonly UNetMidBlock2DCrossAttn mid_block;
    private readonly ModuleList<UNetUpBlock> up_blocks;
    private readonly GroupNorm conv_norm_out;
    private readonly Conv2d conv_out;

    /// <summary>Makes a UNet with random weights.</summary>
    /// <param name="config">Its shape.</param>
    /// <exception cref="BadInputException">The configuration asks for something that this UNet does not have.</exception>
    public UNet2DConditionModel(UNet2DConditionConfig config) : base(nameof(UNet2DConditionModel))
    {
        ArgumentNullException.ThrowIfNull(config);
        Config = config;
        config.Validate();
        var channels = config.BlockOutChannels;
        var last = channels.Count - 1;

        conv_in = Layers.Conv2d(config.InChannels, channels[0], 3, padding: 1);
        time_proj = new Timesteps(channels[0], config.FlipSinToCos, config.FreqShift);
        time_embedding = new TimestepEmbedding(channels[0], config.TimeWidth);
        down_blocks = ModuleList<UNetDownBlock>([.. config.DownBlockTypes.Select((type, i) => UNetDownBlock.Create(
            type, channels[Math.Max(i - 1, 0)], channels[i], level: i, downsample: i < last, config))]);
        mid_block = new UNetMidBlock2DCrossAttn(channels[last], config);
        up_blocks = ModuleList<UNetUpBlock>([.. config.UpBlockTypes.Select((type, i) => UNetUpBlock.Create(
            type,
            new UpChannels(channels[Math.Min(last - i + 1, last)], channels[last - i], channels[Math.Max(last - i - 1, 0)]),
            level: last - i, upsample: i < last, config))]);
        conv_norm_out = Layers.GroupNorm(config.NormNumGroups, channels[0], config.NormEps);
        conv_out = Layers.Conv2d(channels[0], config.OutChannels, 3, padding: 1);
        RegisterComponents();
    }

    /// <summary>The shape of the network.</summary>
    public UNet2DConditionConfig Config { get; }

    /// <summary>
    /// Gradient checkpointing (Chen et al. 2016): every residual block and transformer keeps only its inputs for backward
    /// and computes the rest again there. The gradients are the same; training takes about a third more time.
    /// </summary>
    public bool GradientCheckpointing
    {
        get => mid_block.GradientCheckpointing;
        set
        {
            mid_block.GradientCheckpointing = value;
            foreach (var block in down_blocks)
                block.GradientCheckpointing = value;
            foreach (var block in up_blocks)
                block.GradientCheckpointing = value;
        }
    }

    /// <summary>Loads <c>config.json</c> and <c>diffusion_pytorch_model.safetensors</c> (or shards, or a PyTorch file) from a
    /// folder.</summary>
    /// <param name="folder">The <c>unet</c> folder of a model in the diffusers layout.</param>
    /// <param name="dtype">Type of the parameters.</param>
    /// <param name="device">Where they go; the CPU when null.</param>
    /// <param name="variant">Which of several sets of weights, such as <c>fp16</c>; the plain one when null.</param>
    /// <returns>The network with the file's weights.</returns>
    /// <exception cref="BadInputException">A file is missing, malformed, or does not fit the configuration.</exception>
    public static UNet2DConditionModel FromPretrained(string folder, ScalarType dtype = ScalarType.Float32, Device? device = null,
        string? variant = null)
    {
        var config = UNet2DConditionConfig.Load(Path.Combine(folder, "config.json"));
        return PretrainedWeights.Load(() => new UNet2DConditionModel(config), folder, WeightFolder.DiffusersName, dtype, device, variant);
    }

    /// <summary>Writes <c>config.json</c> and <c>diffusion_pytorch_model.safetensors</c>, which diffusers can load.</summary>
    /// <param name="folder">Made when missing.</param>
    /// <param name="dtype">Type to store.</param>
    public void SavePretrained(string folder, ScalarType dtype)
    {
        Config.Save(Path.Combine(folder, "config.json"));
        PretrainedWeights.Save(this, Path.Combine(folder, WeightFolder.DiffusersName), dtype);
    }

    /// <summary>Predicts the noise (or the velocity, for a model trained on it).</summary>
    /// <param name="sample">(B, 4, h, w): the noisy latents.</param>
    /// <param name="timestep">(B) or (1): how noisy, 0 to 999.</param>
    /// <param name="encoder_hidden_states">(B, S, D): the text states.</param>
    /// <returns>(B, 4, h, w).</returns>
    public override Tensor forward(Tensor sample, Tensor timestep, Tensor encoder_hidden_states)
    {
        using var scope = NewDisposeScope();
        var time = time_proj.call(timestep.expand(sample.shape[0])); // (B, C0)
        var activatedTime = functional.silu(time_embedding.call(time.to(sample.dtype))); // (B, T)

        var hidden = conv_in.call(sample); // (B, C0, h, w)
        var skips = new Stack<Tensor>([hidden]);
        foreach (var block in down_blocks)
        {
            foreach (var output in block.call(hidden, activatedTime, encoder_hidden_states))
                skips.Push(hidden = output);
        }

        hidden = mid_block.call(hidden, activatedTime, encoder_hidden_states);
        foreach (var block in up_blocks)
            hidden = block.call(hidden, skips, activatedTime, encoder_hidden_states);

        hidden = Fresh.Silu(conv_norm_out.call(hidden));
        return conv_out.call(hidden).MoveToOuterDisposeScope();
    }
}
