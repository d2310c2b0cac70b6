using NotebookKit.Models;
using NotebookKit.Text;
using static TorchSharp.torch;

namespace NotebookKit.Pipeline.Ldm;

/// <summary>Makes a model from a single-file checkpoint.</summary>
internal static class LdmLoader
{
    /// <summary>Loads a file.</summary>
    /// <exception cref="BadInputException">It is no Stable Diffusion 1.x or 2.x checkpoint, malformed, or incomplete.</exception>
    public static StableDiffusion Load(string path, Device? device, ScalarType dtype, bool useEma)
    {
        using var checkpoint = LdmCheckpoint.Open(path, useEma);
        if (checkpoint.Missing is { } missing)
            throw new BadInputException(missing);
        checkpoint.RequireShapes();
        return ModelAssembly.Load(
            () => PretrainedWeights.Load(() => new CLIPTextModel(checkpoint.TextConfig), checkpoint.TextEncoder, dtype, device),
            () => PretrainedWeights.Load(() => new UNet2DConditionModel(checkpoint.UNetConfig), checkpoint.UNet, dtype, device),
            () => PretrainedWeights.Load(() => new AutoencoderKL(checkpoint.VaeConfig), checkpoint.Vae, dtype, device),
            new ClipTokenizer(ClipTokenizer.Default.Vocabulary, checkpoint.PadToken), checkpoint.SchedulerConfig, path);
    }
}
