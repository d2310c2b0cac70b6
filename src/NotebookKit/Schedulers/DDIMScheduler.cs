using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>
/// Denoising diffusion implicit models (Song et al. 2020): each step predicts the clean picture and goes straight to
/// the next noise level. The same seed gives the same picture, and few steps are enough.
/// </summary>
/// <param name="config">The model's noise schedule.</param>
public sealed class DDIMScheduler(SchedulerConfig config) : Scheduler(config)
{
    private int stride = 1;

    /// <summary>How much of each step's noise is drawn afresh (Song et al. 2020, equation 16): 0 is DDIM, 1 is like DDPM.</summary>
    public double Eta { get; set; }

    /// <inheritdoc/>
    public override void SetTimesteps(int steps)
    {
        CheckSteps(steps);
        stride = Config.NumTrainTimesteps / steps;
        Timesteps = TimestepSpacing.Whole(Config, steps);
    }

    /// <inheritdoc/>
    public override bool DrawsNoise(double timestep) => Eta > 0;

    /// <inheritdoc/>
    public override Tensor Step(Tensor modelOutput, double timestep, Tensor sample, Tensor? noise = null)
    {
        using var scope = NewDisposeScope();
        var alpha = AlphaBar(timestep);
        var next = timestep - stride;
        var alphaNext = next >= 0 ? AlphaBar(next) : Config.SetAlphaToOne ? 1 : AlphaBar(0);

        var original = PredictOriginal(modelOutput, sample, new NoiseLevel(Math.Sqrt(alpha), Math.Sqrt(1 - alpha)));
        var epsilon = Config.PredictionType switch
        {
            "epsilon" => modelOutput,
            "v_prediction" => modelOutput * Math.Sqrt(alpha) + sample * Math.Sqrt(1 - alpha),
            _ => (sample - original * Math.Sqrt(alpha)) / Math.Sqrt(1 - alpha),
        };
        if (Config.ClipSample)
            original = original.clamp(-Config.ClipSampleRange, Config.ClipSampleRange);

        // Equation 16, and then equation 12: the clean picture, the direction back to the noise, fresh noise.
        var spread = Eta * Math.Sqrt((1 - alphaNext) / (1 - alpha) * (1 - alpha / alphaNext));
        var result = original * Math.Sqrt(alphaNext) + epsilon * Math.Sqrt(Math.Max(1 - alphaNext - spread * spread, 0));
        if (spread > 0)
            result = result + (noise ?? throw new ArgumentNullException(nameof(noise), "DDIM with eta above 0 draws noise.")) * spread;
        return result.MoveToOuterDisposeScope();
    }
}
