using NotebookKit.Models;
using NotebookKit.Schedulers;
using NotebookKit.Text;

namespace NotebookKit.Pipeline;

/// <summary>Loads the three networks of a model, wherever their weights lie, and puts them together.</summary>
internal static class ModelAssembly
{
    /// <summary>The model, in evaluation mode; what is loaded goes again when a later part is refused.</summary>
    /// <param name="textEncoder">Loads the text encoder.</param>
    /// <param name="unet">Loads the UNet.</param>
    /// <param name="vae">Loads the VAE.</param>
    /// <param name="tokenizer">Prompts to tokens.</param>
    /// <param name="scheduler">The noise that the UNet was trained on.</param>
    /// <param name="source">The folder or file that the model comes from.</param>
    /// <exception cref="BadInputException">A part is malformed, or does not fit the others.</exception>
    public static StableDiffusion Load(
        Func<CLIPTextModel> textEncoder, Func<UNet2DConditionModel> unet, Func<AutoencoderKL> vae,
        ClipTokenizer tokenizer, SchedulerConfig scheduler, string source)
    {
        var loaded = new List<IDisposable>();
        try
        {
            var (text, denoiser, autoencoder) = (Keep(textEncoder()), Keep(unet()), Keep(vae()));
            var model = new StableDiffusion(denoiser, autoencoder, text, tokenizer, scheduler, source);
            denoiser.eval();
            autoencoder.eval();
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
