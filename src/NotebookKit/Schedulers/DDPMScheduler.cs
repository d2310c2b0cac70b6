using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>
/// Denoising diffusion probabilistic models (Ho et al. 2020): each step draws from the posterior between two noise
/// levels. Slow to sample with, but its <see cref="Scheduler.AddNoise"/> is the training process itself.
/// </summary>
/// <param name="config">The model's noise schedule.</param>
public sealed class DDPMScheduler(SchedulerConfig config) : Scheduler(config)
{
    /// <inheritdoc/>
    public override bool DrawsNoise(double timestep) => timestep > 0;

    /// <inheritdoc/>
    public override Tensor Step(Tensor modelOutput, double timestep, Tensor sample, Tensor? noise = null)
    {
        using var scope = NewDisposeScope();
        // Float32 as the reference has it: between neighbouring timesteps little is left of 1 − α.
        var alphaBar = (float)AlphaBar(timestep);
        var alphaBarNext = (float)AlphaBarBelow(timestep, 1);
        var alpha = alphaBar / alphaBarNext;
        var beta = 1 - alpha;
        var original = Clip(PredictOriginal(modelOutput, sample, LevelOf(alphaBar)));

        // Equation 7: the posterior's mean and variance.
        var result = original * (Math.Sqrt(alphaBarNext) * beta / (1 - alphaBar))
            + sample * (Math.Sqrt(alpha) * (1 - alphaBarNext) / (1 - alphaBar));
        if (DrawsNoise(timestep))
        {
            var variance = Config.VarianceType == "fixed_large" ? beta : Math.Max((1 - alphaBarNext) / (1 - alphaBar) * beta, 1e-20);
            result = result + Given(noise) * Math.Sqrt(variance);
        }

        return result.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    private protected override void Plan(int steps) => VisitWhole(TimestepSpacing.Whole(Config, steps));
}
