using System.Text.Json;
using NotebookKit.Checkpoints;
using NotebookKit.Models;
using NotebookKit.Schedulers;

namespace NotebookKit.Pipeline.Ldm;

/// <summary>
/// The configurations of a single file's networks: what its tensors' shapes tell, or what the kit itself wrote beside
/// the weights when it saved the file.
/// </summary>
/// <param name="UNet">The UNet.</param>
/// <param name="Vae">The VAE.</param>
/// <param name="Text">The text encoder.</param>
/// <param name="Scheduler">The noise schedule.</param>
/// <param name="PadToken">What fills a prompt up; the end token when null.</param>
internal sealed record LdmConfigs(UNet2DConditionConfig UNet, AutoencoderKLConfig Vae, CLIPTextConfig Text, SchedulerConfig Scheduler,
    string? PadToken)
{
    // Files without a configuration are taken as Stable Diffusion's own; a miniature model needs its own.
    private const string UNetKey = "kit.unet", VaeKey = "kit.vae", TextKey = "kit.text_encoder", SchedulerKey = "kit.scheduler",
        PadKey = "kit.pad_token";

    // diffusers' convert_from_ckpt.py: the 512-pixel SD 2 base was saved after this many steps and predicts noise.
    private const string Sd2BaseSteps = "875000";

    private static readonly JsonSerializerOptions SnakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The text pairs that keep the configurations in a file.</summary>
    public static Dictionary<string, string> ToMetadata(StableDiffusion model) => new()
    {
        [UNetKey] = JsonSerializer.Serialize(model.UNet.Config, SnakeCase),
        [VaeKey] = JsonSerializer.Serialize(model.Vae.Config, SnakeCase),
        [TextKey] = JsonSerializer.Serialize(model.TextEncoder.Config, SnakeCase),
        [SchedulerKey] = JsonSerializer.Serialize(model.SchedulerConfig, SnakeCase),
        [PadKey] = model.Tokenizer.TokenOf(model.Tokenizer.PadTokenId),
    };

    /// <summary>The configurations of a file whose shapes are these.</summary>
    public static LdmConfigs Of(WeightFile file, LdmShapes shapes, LdmShapes? vaeShapes, string vaePrefix, string? clipPrefix,
        bool openClip)
    {
        var bare = AreMissing(file);
        var unet = Kept<UNet2DConditionConfig>(UNetKey) ?? Told(shapes.UNet);
        var second = unet.UseLinearProjection || openClip;
        var predictsNoise = !second || file.Metadata.GetValueOrDefault("global_step") == Sd2BaseSteps;
        var scheduler = Kept<SchedulerConfig>(SchedulerKey)
            ?? new SchedulerConfig { PredictionType = Declared(file.Path) ?? (predictsNoise ? "epsilon" : "v_prediction") };
        scheduler.Validate();
        return new LdmConfigs(
            scheduler.PredictionType == "v_prediction" && second && !file.Metadata.ContainsKey(UNetKey) ? unet with { SampleSize = 96 }
                : unet,
            (file.Path == vaeShapes?.Path ? Kept<AutoencoderKLConfig>(VaeKey) : null)
                ?? (vaeShapes is null ? null : Told(() => vaeShapes.Vae(vaePrefix)))
                ?? new AutoencoderKLConfig(),
            Kept<CLIPTextConfig>(TextKey)
                ?? (openClip ? shapes.OpenClip() : clipPrefix is null ? new CLIPTextConfig() : shapes.Clip(clipPrefix)),
            scheduler,
            file.Metadata.GetValueOrDefault(PadKey) ?? (openClip ? "!" : null));

        // Shapes don't tell a miniature's groups and heads: only the kit's own notes do.
        T Told<T>(Func<T> read)
        {
            try
            {
                return read();
            }
            catch (BadInputException e) when (bare)
            {
                throw Unknown(file.Path, e);
            }
        }

        T? Kept<T>(string key) where T : class =>
            file.Metadata.TryGetValue(key, out var json) ? ConfigFile.Parse<T>(json, $"{file.Path}'s {key}") : null;
    }

    /// <summary>What to say where a file's shapes are none that can be built, and its notes are missing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="why">What is wrong with the shapes that its tensors tell.</param>
    public static BadInputException Unknown(string path, BadInputException why) =>
        new($"{path} is no Stable Diffusion of the published shapes ({why.Message.TrimEnd('.')}), and without the notes kit.unet, kit.vae "
            + "and so on, which another tool may have dropped, its shape is not known; convert it again from its folder (kit convert "
            + "FOLDER FILE).", why);

    /// <summary>Whether a file lacks the notes that tell a miniature's shape.</summary>
    /// <param name="file">The file.</param>
    public static bool AreMissing(WeightFile file) => !file.Metadata.ContainsKey(UNetKey);

    // The web UI reads NAME.yaml beside a checkpoint; what counts here is the one line on what the model predicts.
    private static string? Declared(string path)
    {
        var yaml = Path.ChangeExtension(path, ".yaml");
        if (!File.Exists(yaml) || new FileInfo(yaml).Length > 1 << 20)
            return null;
        var line = File.ReadLines(yaml).Select(line => line.Trim())
            .FirstOrDefault(line => line.StartsWith("parameterization:", StringComparison.Ordinal));
        return line?.Split(':')[1].Split('#')[0].Trim(' ', '"', '\'') switch { "v" => "v_prediction", "eps" => "epsilon", _ => null };
    }
}
