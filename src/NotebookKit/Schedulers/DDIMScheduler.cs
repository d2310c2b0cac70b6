using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>
/// Denoising diffusion implicit models (Song et al. 2020): each step predicts the clean picture and goes straight to
/// the next noise level. The same seed gives the same picture, and few steps are enough.
/// </summary>
/// <param name="config">The model's noise schedule.</param>
public sealed class DDIMScheduler(SchedulerConfig config) : Scheduler(config)
{
    /// <summary>How much of each step's noise is drawn afresh (Song et al. 2020, equation 16): 0 is DDIM, 1 is like DDPM.</summary>
    public double Eta { get; set; }

    /// <summary>Takes the noise from the clipped picture instead of the model, as GLIDE does.</summary>
    public bool UseClippedModelOutput { get; set; }

    /// <inheritdoc/>
    public override bool DrawsNoise(double timestep) => Eta > 0;

    /// <inheritdoc/>
    public override Tensor Step(Tensor modelOutput, double timestep, Tensor sample, Tensor? noise = null)
    {
        using var scope = NewDisposeScope();
        // Float32 as the reference has it: with all noise fresh, little is left of the differences.
        var alpha = (float)AlphaBar(timestep);
        var alphaNext = (float)AlphaBarBelow(timestep, Config.SetAlphaToOne ? 1 : AlphaBar(0));
        var level = LevelOf(alpha);
        var original = Clip(PredictOriginal(modelOutput, sample, level));
        var epsilon = UseClippedModelOutput ? (sample - original * level.Alpha) / level.Sigma : PredictNoise(modelOutput, sample, level);

        // Equation 16, and then equation 12: the clean picture, the direction back to the noise, fresh noise.
        var spread = (float)Eta * MathF.Sqrt((1 - alphaNext) / (1 - alpha) * (1 - alpha / alphaNext));
        var result = original * Math.Sqrt(alphaNext) + epsilon * Math.Sqrt(Math.Max(1 - alphaNext - spread * spread, 0));
        if (Eta > 0)
            result = result + Given(noise) * spread;
        return result.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    private protected override void Plan(int steps) => VisitWhole(TimestepSpacing.Whole(Config, steps));
}
