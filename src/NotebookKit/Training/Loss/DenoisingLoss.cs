using NotebookKit.Models;
using NotebookKit.Schedulers;
using NotebookKit.Training.Data;
using static TorchSharp.torch;

namespace NotebookKit.Training.Loss;

/// <summary>
/// How wrong the UNet's guess of the noise is: noise the latents, let the UNet guess, square the difference (Ho et al.
/// 2020, algorithm 1; with v-prediction Salimans &amp; Ho 2022, appendix D).
/// </summary>
internal sealed class DenoisingLoss(UNet2DConditionModel unet, SchedulerConfig config) : IDisposable
{
    private readonly DDPMScheduler _noising = new(config);

    /// <summary>
    /// The mean squared error of each picture: (B). Where there is a mask, of its white part. The UNet computes in its own
    /// type, the loss in float32.
    /// </summary>
    public Tensor Errors(TrainBatch batch)
    {
        var dtype = unet.parameters().First().dtype;
        var noisy = _noising.AddNoise(batch.Latents, batch.Noise, batch.Timesteps);                          // (B, 4, h, w)
        var target = config.PredictionType == "v_prediction" ? _noising.GetVelocity(batch.Latents, batch.Noise, batch.Timesteps)
            : batch.Noise;
        var guess = unet.call(noisy.to(dtype), batch.Timesteps, batch.Context.to(dtype)).to(ScalarType.Float32); // (B, 4, h, w)
        var error = (guess - target).square();                                                               // (B, 4, h, w)
        return (batch.Mask is null ? error : error * batch.Mask).mean([1, 2, 3]);                            // (B)
    }

    /// <summary>
    /// min(SNR, γ)/SNR at each timestep, over SNR + 1 with v-prediction: (B). Hang et al. 2023, "Efficient Diffusion
    /// Training via Min-SNR Weighting Strategy", equation 7.
    /// </summary>
    public Tensor MinSnr(Tensor timesteps, double gamma) => MinSnr(_noising, timesteps, gamma);

    /// <summary>The same for a noising process of whatever kind.</summary>
    internal static Tensor MinSnr(Scheduler noising, Tensor timesteps, double gamma) =>
        MinSnr(noising.AlphasCumprod.to(timesteps.device).index_select(0, timesteps), gamma, noising.Config.PredictionType);

    /// <summary>The same at each ᾱ.</summary>
    internal static Tensor MinSnr(Tensor alphasCumprod, double gamma, string predictionType = "epsilon")
    {
        var snr = alphasCumprod / (1 - alphasCumprod);
        return snr.clamp_max(gamma) / (predictionType == "v_prediction" ? snr + 1 : snr);
    }

    /// <inheritdoc/>
    public void Dispose() => _noising.Dispose();
}
