using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>
/// Denoising diffusion probabilistic models (Ho et al. 2020): each step draws from the posterior between two noise
/// levels. Slow to sample with, but its <see cref="Scheduler.AddNoise"/> is the training process itself.
/// </summary>
/// <param name="config">The model's noise schedule.</param>
public sealed class DDPMScheduler(SchedulerConfig config) : Scheduler(config)
{
    private int stride = 1;

    /// <inheritdoc/>
    public override void SetTimesteps(int steps)
    {
        CheckSteps(steps);
        stride = Config.NumTrainTimesteps / steps;
        Timesteps = TimestepSpacing.Whole(Config, steps);
    }

    /// <inheritdoc/>
    public override bool DrawsNoise(double timestep) => timestep > 0;

    /// <inheritdoc/>
    public override Tensor Step(Tensor modelOutput, double timestep, Tensor sample, Tensor? noise = null)
    {
        using var scope = NewDisposeScope();
        var alphaBar = AlphaBar(timestep);
        var next = timestep - stride;
        var alphaBarNext = next >= 0 ? AlphaBar(next) : 1;
        var alpha = alphaBar / alphaBarNext;
        var beta = 1 - alpha;

        var original = PredictOriginal(modelOutput, sample, new NoiseLevel(Math.Sqrt(alphaBar), Math.Sqrt(1 - alphaBar)));
        if (Config.ClipSample)
            original = original.clamp(-Config.ClipSampleRange, Config.ClipSampleRange);

        // Equation 7: the posterior's mean and variance.
        var result = original * (Math.Sqrt(alphaBarNext) * beta / (1 - alphaBar))
            + sample * (Math.Sqrt(alpha) * (1 - alphaBarNext) / (1 - alphaBar));
        if (DrawsNoise(timestep))
        {
            var variance = Config.VarianceType == "fixed_large" ? beta : Math.Max((1 - alphaBarNext) / (1 - alphaBar) * beta, 1e-20);
            result = result + (noise ?? throw new ArgumentNullException(nameof(noise), "DDPM draws noise at every timestep but 0.")) * Math.Sqrt(variance);
        }

        return result.MoveToOuterDisposeScope();
    }
}
