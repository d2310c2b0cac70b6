using NotebookKit.Models;
using NotebookKit.Pipeline;
using NotebookKit.Pipeline.Ldm;
using NotebookKit.Schedulers;
using NotebookKit.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Training.Memory;

/// <summary>What a base looks like, without its weights: enough to know what training it takes.</summary>
/// <param name="UNet">The UNet's configuration.</param>
/// <param name="Vae">The autoencoder's.</param>
/// <param name="Text">The text encoder's.</param>
public sealed record ModelShape(UNet2DConditionConfig UNet, AutoencoderKLConfig Vae, CLIPTextConfig Text)
{
    /// <summary>The name under which a forecast knows Stable Diffusion 1.5 where none is on the disk.</summary>
    public const string Sd15Name = "sd15";

    /// <summary>Stable Diffusion 1.4 and 1.5.</summary>
    public static ModelShape Sd15 { get; } = new(
        new UNet2DConditionConfig { SampleSize = 64, CrossAttentionDim = 768 },
        new AutoencoderKLConfig { SampleSize = 512 },
        new CLIPTextConfig { HiddenSize = 768, IntermediateSize = 3072, NumHiddenLayers = 12, NumAttentionHeads = 12 });

    /// <summary>Height and width in pixels of the pictures that the base was trained on.</summary>
    public int SampleSize => (UNet.SampleSize ?? 64) * Vae.Factor;

    /// <summary>
    /// Reads the configurations of a folder in the diffusers layout, finds those of a single file by its tensors' shapes, or
    /// takes Stable Diffusion 1.5 for <c>sd15</c>.
    /// </summary>
    /// <param name="folder">The folder, the file, or <see cref="Sd15Name"/>.</param>
    /// <exception cref="BadInputException">A configuration is missing or malformed.</exception>
    public static ModelShape Of(string folder)
    {
        if (folder == Sd15Name)
            return Sd15;
        if (File.Exists(folder))
        {
            using var checkpoint = LdmCheckpoint.Open(folder, useEma: false);
            return new(checkpoint.UNetConfig, checkpoint.VaeConfig, checkpoint.TextConfig);
        }

        if (!Directory.Exists(folder))
            throw new BadInputException($"There is no folder {folder}; give a model's folder in the diffusers layout, or {Sd15Name} for "
                + "Stable Diffusion 1.5.");
        return new(
            UNet2DConditionConfig.Load(Path.Combine(folder, "unet", "config.json")),
            AutoencoderKLConfig.Load(Path.Combine(folder, "vae", "config.json")),
            CLIPTextConfig.Load(Path.Combine(folder, "text_encoder", "config.json")));
    }

    /// <summary>The shape of a loaded model.</summary>
    /// <param name="sd">The model.</param>
    public static ModelShape Of(StableDiffusion sd) => new(sd.UNet.Config, sd.Vae.Config, sd.TextEncoder.Config);

    /// <summary>A model of this shape with weights of a type: random ones, or whatever the layers are told to leave in them.</summary>
    /// <param name="dtype">The weights' type.</param>
    public StableDiffusion Create(ScalarType dtype = ScalarType.Float32)
    {
        var sd = new StableDiffusion(new UNet2DConditionModel(UNet), new AutoencoderKL(Vae), new CLIPTextModel(Text), ClipTokenizer.Default,
            new SchedulerConfig());
        if (dtype != ScalarType.Float32)
        {
            sd.UNet.to(dtype);
            sd.Vae.to(dtype);
            sd.TextEncoder.to(dtype);
        }

        return sd;
    }
}
