using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>What the two Euler samplers share: their noise levels, down to 0, and the slope at a sample.</summary>
/// <param name="config">The model's noise schedule.</param>
public abstract class EulerScheduler(SchedulerConfig config) : SigmaScheduler(config)
{
    private bool Leading => Config.TimestepSpacing == "leading";

    /// <inheritdoc/>
    public override double InitNoiseSigma
    {
        get
        {
            var highest = Sigmas.Length > 0 ? Sigmas.Max() : TrainingSigmas[^1];
            return Leading ? Math.Sqrt(highest * highest + 1) : highest;
        }
    }

    /// <inheritdoc/>
    public override void SetTimesteps(int steps)
    {
        CheckSteps(steps);
        var trainSteps = Config.NumTrainTimesteps;
        double[] timesteps = Config.TimestepSpacing switch
        {
            "leading" => TimestepSpacing.Leading(trainSteps, steps, Config.StepsOffset, steps),
            "trailing" => TimestepSpacing.Trailing(trainSteps, steps),
            _ => [.. TimestepSpacing.LinSpace(trainSteps, steps).Select(t => (double)(float)t)],
        };
        double[] sigmas = Config.InterpolationType == "log_linear"
            ? LogLinear(TrainingSigmas[^1], TrainingSigmas[0], steps)
            : [.. timesteps.Select(Interpolate)];
        if (Config.UseKarrasSigmas)
        {
            sigmas = KarrasSigmas(sigmas[0], sigmas[^1], steps);
            timesteps = [.. sigmas.Select(sigma => (double)(float)TimestepOf(sigma))];
        }

        Visit(timesteps, [.. sigmas, 0]);
    }

    /// <inheritdoc/>
    public override Tensor ScaleModelInput(Tensor sample, double timestep)
    {
        var sigma = Sigmas[IndexOf(timestep)];
        return sample / Math.Sqrt(sigma * sigma + 1);
    }

    /// <inheritdoc/>
    internal override NoiseLevel LevelAt(int index) => new(1, Sigmas[index]);

    /// <summary>Noises pictures at the sampler's own levels: x + σ·ε.</summary>
    /// <param name="original">(B, C, h, w).</param>
    /// <param name="noise">(B, C, h, w).</param>
    /// <param name="timesteps">(B), each one of <see cref="Scheduler.Timesteps"/>.</param>
    /// <returns>(B, C, h, w).</returns>
    public override Tensor AddNoise(Tensor original, Tensor noise, Tensor timesteps)
    {
        using var scope = NewDisposeScope();
        return (original + noise * SigmasAt(timesteps, original)).MoveToOuterDisposeScope();
    }

    /// <summary>dx/dσ = (x − x₀)/σ at a sample x = x₀ + σ·ε.</summary>
    private protected Tensor Slope(Tensor modelOutput, Tensor sample, double sigma)
    {
        if (Config.PredictionType == "epsilon")
            return modelOutput;
        var original = Config.PredictionType == "sample"
            ? modelOutput
            : sample / (sigma * sigma + 1) - modelOutput * (sigma / Math.Sqrt(sigma * sigma + 1));
        return (sample - original) / sigma;
    }

    private static double[] LogLinear(double highest, double lowest, int steps) =>
        [.. Enumerable.Range(0, steps).Select(i => Math.Exp(Math.Log(highest) + (steps == 1 ? 0 : i / (double)(steps - 1)) * (Math.Log(lowest) - Math.Log(highest))))];
}
