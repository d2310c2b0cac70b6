using NotebookKit.Checkpoints;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>
/// The text encoder of CLIP (Radford et al. 2021), which turns a prompt's tokens into the states that the UNet attends
/// to. Module names are those of transformers' <c>CLIPTextModel</c>.
/// </summary>
public sealed class CLIPTextModel : Module<Tensor, CLIPTextOutput>
{
    private readonly CLIPTextTransformer text_model;

    /// <summary>Makes a text encoder with random weights.</summary>
    /// <param name="config">Its shape.</param>
    /// <exception cref="BadInputException">The configuration asks for something that this model does not have.</exception>
    public CLIPTextModel(CLIPTextConfig config) : base(nameof(CLIPTextModel))
    {
        ArgumentNullException.ThrowIfNull(config);
        Config = config;
        config.Validate();
        text_model = new CLIPTextTransformer(config);
        RegisterComponents();
    }

    /// <summary>The shape of the network.</summary>
    public CLIPTextConfig Config { get; }

    /// <summary>The encoder below the name <c>text_model</c>.</summary>
    public CLIPTextTransformer TextModel => text_model;

    /// <summary>
    /// Gradient checkpointing (Chen et al. 2016): every layer keeps only its input for backward and computes the rest again
    /// there. The gradients are the same.
    /// </summary>
    public bool GradientCheckpointing
    {
        get => text_model.GradientCheckpointing;
        set => text_model.GradientCheckpointing = value;
    }

    /// <summary>Loads <c>config.json</c> and <c>model.safetensors</c> (or shards, or a PyTorch file) from a folder.</summary>
    /// <param name="folder">The <c>text_encoder</c> folder of a model in the diffusers layout.</param>
    /// <param name="dtype">Type of the parameters.</param>
    /// <param name="device">Where they go; the CPU when null.</param>
    /// <param name="variant">Which of several sets of weights, such as <c>fp16</c>; the plain one when null.</param>
    /// <returns>The network with the file's weights.</returns>
    /// <exception cref="BadInputException">A file is missing, malformed, or does not fit the configuration.</exception>
    public static CLIPTextModel FromPretrained(string folder, ScalarType dtype = ScalarType.Float32, Device? device = null,
        string? variant = null)
    {
        var config = CLIPTextConfig.Load(Path.Combine(folder, "config.json"));
        return PretrainedWeights.Load(() => new CLIPTextModel(config), folder, WeightFolder.TransformersName, dtype, device, variant);
    }

    /// <summary>Writes <c>config.json</c> and <c>model.safetensors</c>, which transformers can load.</summary>
    /// <param name="folder">Made when missing.</param>
    /// <param name="dtype">Type to store.</param>
    public void SavePretrained(string folder, ScalarType dtype)
    {
        Config.Save(Path.Combine(folder, "config.json"));
        PretrainedWeights.Save(this, Path.Combine(folder, WeightFolder.TransformersName), dtype);
    }

    /// <summary>Encodes tokens as Stable Diffusion does: padding is looked at like any other token.</summary>
    /// <param name="input_ids">(B, L), 77 long in Stable Diffusion.</param>
    /// <returns>The text states.</returns>
    public override CLIPTextOutput forward(Tensor input_ids) => text_model.call(input_ids, null);

    /// <summary>The text states of an earlier layer, which the web UI calls "CLIP skip".</summary>
    /// <param name="output">What <see cref="forward"/> returned.</param>
    /// <param name="skip">1 for the last layer, 2 for the one before it.</param>
    /// <returns>(B, L, D) after the final norm.</returns>
    public Tensor Skip(CLIPTextOutput output, int skip)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentOutOfRangeException.ThrowIfLessThan(skip, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(skip, output.HiddenStates.Count);
        return text_model.FinalLayerNorm.call(output.HiddenStates[^skip]);
    }
}
