using NotebookKit.Checkpoints;
using NotebookKit.Models;
using NotebookKit.Schedulers;

namespace NotebookKit.Pipeline.Ldm;

/// <summary>
/// Stable Diffusion in one file, as CompVis and Stability published it and the web UI loads it: the three networks under
/// diffusers' names, with the configurations that the tensors' shapes tell. Handles EMA copies, old text encoder names,
/// damaged <c>position_ids</c> and a VAE that lies beside the file.
/// </summary>
public sealed class LdmCheckpoint : IDisposable
{
    private static readonly string[] VaeEndings = [".vae.safetensors", ".vae.pt", ".vae.ckpt"];
    private readonly WeightFile _file;
    private readonly WeightFile _vaeFile;

    private LdmCheckpoint(WeightFile file, WeightFile vaeFile, CheckpointKind kind)
    {
        (this._file, this._vaeFile, Kind) = (file, vaeFile, kind);
        Path = file.Path;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Stable Diffusion 1.x or 2.x.</summary>
    public CheckpointKind Kind { get; }

    /// <summary>The file that the VAE comes from: the checkpoint, or one beside it.</summary>
    public string VaePath => _vaeFile.Path;

    /// <summary>The UNet's tensors in diffusers' names.</summary>
    public required WeightFile UNet { get; init; }

    /// <summary>The VAE's tensors in diffusers' names.</summary>
    public required WeightFile Vae { get; init; }

    /// <summary>The text encoder's tensors in transformers' names.</summary>
    public required WeightFile TextEncoder { get; init; }

    /// <summary>The UNet's shape.</summary>
    public required UNet2DConditionConfig UNetConfig { get; init; }

    /// <summary>The VAE's shape.</summary>
    public required AutoencoderKLConfig VaeConfig { get; init; }

    /// <summary>The text encoder's shape.</summary>
    public required CLIPTextConfig TextConfig { get; init; }

    /// <summary>The noise that the UNet was trained on.</summary>
    public required SchedulerConfig SchedulerConfig { get; init; }

    /// <summary>The token that fills a prompt up: the end token when null, as in SD 1.x.</summary>
    public string? PadToken { get; init; }

    /// <summary>Tensors of the file that belong to none of the three networks: schedule tables, EMA copies, optimizer states.</summary>
    public required IReadOnlyList<string> Unmatched { get; init; }

    /// <summary>Opens a checkpoint.</summary>
    /// <param name="path">A <c>.safetensors</c> or <c>.ckpt</c> file.</param>
    /// <param name="useEma">Take the UNet's averaged copy; the trained weights otherwise, as the web UI does.</param>
    /// <returns>The open checkpoint.</returns>
    /// <exception cref="BadInputException">It is malformed or of another kind.</exception>
    public static LdmCheckpoint Open(string path, bool useEma = false)
    {
        var file = WeightFile.Open(path);
        var vae = file;
        try
        {
            var kind = CheckpointKinds.Of(file);
            if (kind is not (CheckpointKind.StableDiffusion1 or CheckpointKind.StableDiffusion2))
                throw new BadInputException($"{path} is {kind.InWords()}, which does not load as a base model; give a Stable Diffusion "
                    + "1.x or 2.x checkpoint that draws from text.");
            vae = VaeBeside(path) is { } beside ? WeightFile.Open(beside) : file;
            return new LdmParts(file, vae, useEma).Put((unet, vaePart, text, configs, unmatched) => new LdmCheckpoint(file, vae, kind)
            {
                UNet = unet,
                Vae = vaePart,
                TextEncoder = text,
                UNetConfig = configs.UNet,
                VaeConfig = configs.Vae,
                TextConfig = configs.Text,
                SchedulerConfig = configs.Scheduler,
                PadToken = configs.PadToken,
                Unmatched = unmatched,
            });
        }
        catch
        {
            file.Dispose();
            vae.Dispose();
            throw;
        }
    }

    /// <summary>What keeps the checkpoint from being a whole model, in one sentence; null where nothing does.</summary>
    public string? Missing =>
        TextEncoder.Weights.Count == 0 ? $"{Path} has no text encoder; it can't draw by itself. Give the whole checkpoint."
        : Vae.Weights.Count > 0 ? null
        : VaePath == Path ? $"{Path} has no VAE baked in; put one beside it as "
            + $"{System.IO.Path.GetFileNameWithoutExtension(Path)}.vae.safetensors."
        : $"{VaePath} is no VAE in the layout that the web UI reads; give one whose names begin with encoder. and decoder.";

    /// <summary>Refuses shapes that no network can be built of.</summary>
    /// <exception cref="BadInputException">They are such, for which the file's missing notes are the likely cause.</exception>
    public void RequireShapes()
    {
        try
        {
            UNetConfig.Validate();
            VaeConfig.Validate();
        }
        catch (BadInputException e) when (LdmConfigs.AreMissing(_file))
        {
            throw LdmConfigs.Unknown(Path, e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        _vaeFile.Dispose();
    }

    /// <summary>The VAE that the web UI would take for a checkpoint: <c>NAME.vae.pt</c> or <c>NAME.vae.safetensors</c> beside it.</summary>
    internal static string? VaeBeside(string path)
    {
        var stem = System.IO.Path.ChangeExtension(path, null);
        return VaeEndings.Select(ending => stem + ending).FirstOrDefault(File.Exists);
    }
}
