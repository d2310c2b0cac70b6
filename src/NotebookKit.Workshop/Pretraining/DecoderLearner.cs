using NotebookKit.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>
/// Stage 5: only the VAE's decoder goes on learning, as in Stability AI's published "ft" decoders for Stable Diffusion:
/// pictures get sharper while the latents, and all that the UNet knows of them, stay as they are.
/// </summary>
internal sealed class DecoderLearner : Learner
{
    private static readonly string[] Parts = ["decoder.", "post_quant_conv."];
    private readonly Tensor _pictures;
    private readonly int _batch;

    /// <summary>One worker's copy.</summary>
    /// <param name="config">The shape of the VAE.</param>
    /// <param name="weights">The trained VAE's weights by name.</param>
    /// <param name="pictures">Bytes, (N, 3, S, S), shared by the workers.</param>
    /// <param name="batch">Pictures per update.</param>
    /// <param name="device">Where it trains.</param>
    public DecoderLearner(AutoencoderKLConfig config, Dictionary<string, Tensor> weights, Tensor pictures, int batch, Device device)
    {
        this._pictures = pictures;
        this._batch = batch;
        Vae = new AutoencoderKL(config);
        Vae.load_state_dict(weights);
        Vae.to(device);
        Parameters = [.. Of(Vae, "vae", _ => 1).Where(p => Parts.Any(part => p.Name.StartsWith($"vae.{part}", StringComparison.Ordinal)))];
    }

    /// <summary>The model.</summary>
    public AutoencoderKL Vae { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<LearnedTensor> Parameters { get; }

    /// <inheritdoc/>
    public override Tensor Loss(TrainingStep step)
    {
        var images = VaeLearner.Draw(_pictures, _batch, step.Random, Parameters[0].Value.device);
        Tensor latents;
        using (no_grad())
        {
            var posterior = Vae.Encode(images);
            latents = posterior.Sample(randn(posterior.Mean.shape, device: images.device, generator: step.Generator));
        }
        return VaeLearner.PictureError(Vae.Decode(latents) - images);
    }

    /// <inheritdoc/>
    public override void Dispose() => Vae.Dispose();
}
