using NotebookKit.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>
/// Stage 2: the variational autoencoder. Loss: the absolute error, a quarter of the absolute error of the picture's
/// differences between neighbours (it keeps edges), and 3e-4 of the divergence of the latents from a unit normal.
/// </summary>
internal sealed class VaeLearner : Learner
{
    private const double DivergenceWeight = 3e-4;
    private readonly Tensor _pictures;
    private readonly int _batch;

    /// <summary>One worker's copy.</summary>
    /// <param name="config">The shape of the VAE.</param>
    /// <param name="pictures">Bytes, (N, 3, S, S), shared by the workers.</param>
    /// <param name="batch">Pictures per update.</param>
    /// <param name="device">Where it trains.</param>
    public VaeLearner(AutoencoderKLConfig config, Tensor pictures, int batch, Device device)
    {
        this._pictures = pictures;
        this._batch = batch;
        Vae = new AutoencoderKL(config);
        Vae.to(device);
        Parameters = [.. Of(Vae, "vae", _ => 1)];
    }

    /// <summary>The model.</summary>
    public AutoencoderKL Vae { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<LearnedTensor> Parameters { get; }

    /// <summary>
    /// Starts the encoder at the best linear code: the means of the latents are its numbers, and their standard deviation
    /// starts at 5 %. The decoder starts from nothing.
    /// </summary>
    public static void Start(AutoencoderKL vae, PatchPca pca)
    {
        using var noGrad = no_grad();
        LinearPath.Write(vae, pca.EncodeWeight, pca.EncodeBias);
        var named = vae.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        foreach (var name in new[] { "quant_conv", "post_quant_conv" })
        {
            Identity(named[$"{name}.weight"]);
            named[$"{name}.bias"].zero_();
        }
        var bias = named["quant_conv.bias"];
        bias.narrow(0, bias.shape[0] / 2, bias.shape[0] / 2).fill_(-6);
    }

    /// <inheritdoc/>
    public override Tensor Loss(TrainingStep step)
    {
        var images = Draw(_pictures, _batch, step.Random, Parameters[0].Value.device);
        var posterior = Vae.Encode(images);
        var noise = randn(posterior.Mean.shape, device: images.device, generator: step.Generator);
        var latents = posterior.Sample(noise);
        var made = Vae.Decode(latents);
        var error = made - images;
        var divergence = (posterior.Mean.pow(2) + posterior.LogVar.exp() - 1 - posterior.LogVar).mean() * 0.5;
        return PictureError(error) + (divergence * DivergenceWeight);
    }

    /// <summary>Peak signal-to-noise ratio in dB of pictures (N, 3, S, S), bytes, through the VAE and back.</summary>
    public static double Psnr(AutoencoderKL vae, Tensor bytes, Device device)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var images = WorldPictures.ToModel(bytes.to(device));
        var made = vae.Decode(vae.Encode(images).Mean).clamp(-1, 1);
        var error = (made - images).div(2).pow(2).mean().item<float>();
        return -10 * Math.Log10(error);
    }

    /// <summary>A random batch of pictures for the VAE, half of the batches mirrored.</summary>
    /// <param name="pictures">Bytes, (N, 3, S, S).</param>
    /// <param name="batch">How many.</param>
    /// <param name="random">Decides.</param>
    /// <param name="device">Where they go.</param>
    internal static Tensor Draw(Tensor pictures, int batch, Random random, Device device)
    {
        var rows = Enumerable.Range(0, batch).Select(_ => random.NextInt64(pictures.shape[0])).ToArray();
        var images = WorldPictures.ToModel(pictures.index_select(0, tensor(rows, dtype: ScalarType.Int64).to(pictures.device)).to(device));
        return random.Next(2) == 1 ? images.flip(3) : images;
    }

    /// <summary>The absolute error, and a quarter of the absolute error of the differences between neighbours: it keeps edges.</summary>
    internal static Tensor PictureError(Tensor error)
    {
        var size = error.shape[3];
        var across = error.narrow(3, 1, size - 1) - error.narrow(3, 0, size - 1);
        var down = error.narrow(2, 1, size - 1) - error.narrow(2, 0, size - 1);
        return error.abs().mean() + ((across.abs().mean() + down.abs().mean()) * 0.25);
    }

    private static void Identity(Tensor weight) =>
        weight.copy_(eye(weight.shape[0], weight.shape[1], device: weight.device).view(weight.shape));

    /// <inheritdoc/>
    public override void Dispose() => Vae.Dispose();
}
