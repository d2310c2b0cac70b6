using NotebookKit.Text;
using static TorchSharp.torch;

namespace NotebookKit.Models.Ldm;

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
        var loaded = new List<IDisposable>();
        try
        {
            var text = Keep(PretrainedWeights.Load(() => new CLIPTextModel(checkpoint.TextConfig), checkpoint.TextEncoder, dtype, device));
            var unet = Keep(PretrainedWeights.Load(() => new UNet2DConditionModel(checkpoint.UNetConfig), checkpoint.UNet, dtype, device));
            var vae = Keep(PretrainedWeights.Load(() => new AutoencoderKL(checkpoint.VaeConfig), checkpoint.Vae, dtype, device));
            var tokenizer = new ClipTokenizer(ClipTokenizer.Default.Vocabulary, checkpoint.PadToken);
            var model = new StableDiffusion(unet, vae, text, tokenizer, checkpoint.SchedulerConfig, path);
            unet.eval();
            vae.eval();
            text.eval();
            return model;
        }
        catch
        {
            loaded.ForEach(part => part.Dispose());
            throw;
        }

        T Keep<T>(T part) where T : IDisposable
        {
            loaded.Add(part);
            return part;
        }
    }
}
