using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>
/// What the samplers share that k-diffusion brought: a sample is x₀ + σ·ε, its levels go down to 0, and the model is
/// shown it divided by √(σ² + 1).
/// </summary>
/// <param name="config">The model's noise schedule.</param>
public abstract class KDiffusionScheduler(SchedulerConfig config) : SigmaScheduler(config)
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
    public override Tensor ScaleModelInput(Tensor sample, double timestep) => sample / LevelAt(IndexOf(timestep)).Scale;

    /// <inheritdoc/>
    private protected override void Plan(int steps)
    {
        var trainSteps = Config.NumTrainTimesteps;
        double[] timesteps = Config.TimestepSpacing switch
        {
            "leading" => TimestepSpacing.Leading(trainSteps, steps, Config.StepsOffset, steps),
            "trailing" => TimestepSpacing.Trailing(trainSteps, trainSteps, steps),
            _ => [.. TimestepSpacing.LinSpace(trainSteps, steps).Select(t => (double)(float)t)],
        };
        var sigmas = Levels(timesteps);
        if (Config.UseKarrasSigmas)
        {
            sigmas = KarrasSigmas(sigmas[0], sigmas[^1], steps);
            timesteps = [.. sigmas.Select(BetweenTimesteps)];
        }

        Arrange(timesteps, [.. sigmas, Config.FinalSigmasType == "sigma_min" ? TrainingSigmas[0] : 0]);
    }

    /// <summary>The levels of the timesteps.</summary>
    private protected virtual double[] Levels(double[] timesteps) => [.. timesteps.Select(Interpolate)];

    /// <summary>The timestep that the model is told for a level of Karras spacing.</summary>
    private protected virtual double BetweenTimesteps(double sigma) => TimestepOf(sigma);

    /// <summary>Says in which order N timesteps and N + 1 levels are visited.</summary>
    private protected virtual void Arrange(double[] timesteps, double[] sigmas) => Visit(timesteps, sigmas);

    /// <summary>dx/dσ = (x − x₀)/σ at a sample x = x₀ + σ·ε.</summary>
    private protected Tensor Slope(Tensor modelOutput, Tensor sample, double sigma) =>
        Config.PredictionType == "epsilon" ? modelOutput
            : (sample - PredictOriginal(modelOutput, sample, new NoiseLevel(1, sigma))) / sigma;
}
