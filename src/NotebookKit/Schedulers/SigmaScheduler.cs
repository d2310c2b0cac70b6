using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>
/// What the samplers share that think in noise levels σ (Karras et al. 2022): the levels to visit, one more than timesteps.
/// As in k-diffusion a sample is x₀ + σ·ε, its levels go down to 0, and the model is shown it divided by √(σ² + 1).
/// </summary>
/// <param name="config">The model's noise schedule.</param>
public abstract class SigmaScheduler(SchedulerConfig config) : Scheduler(config)
{
    /// <summary>The noise level at each of <see cref="Scheduler.Timesteps"/>, and the one after the last step.</summary>
    public double[] Sigmas { get; private set; } = [];

    /// <summary>The levels of the training timesteps.</summary>
    private protected SigmaTable Table { get; } = new(config);

    private bool Leading => Config.TimestepSpacing == "leading";

    /// <summary>Noises pictures at the sampler's own levels: α·x + σ·ε.</summary>
    /// <param name="original">(B, C, h, w).</param>
    /// <param name="noise">(B, C, h, w).</param>
    /// <param name="timesteps">(B), each one of <see cref="Scheduler.Timesteps"/>.</param>
    /// <returns>(B, C, h, w).</returns>
    public override Tensor AddNoise(Tensor original, Tensor noise, Tensor timesteps)
    {
        using var scope = NewDisposeScope();
        using var onCpu = timesteps.to(ScalarType.Float64).cpu();
        var levels = onCpu.data<double>().Select(t => LevelOfSigma(Sigmas[Find(t)])).ToArray();
        return (original * Column(level => level.Alpha) + noise * Column(level => level.Sigma)).MoveToOuterDisposeScope();

        // (B, 1, 1, 1), of the type and on the device of the pictures.
        Tensor Column(Func<NoiseLevel, double> part) =>
            tensor(levels.Select(level => (float)part(level)).ToArray()).to(original.dtype, original.device).view(-1, 1, 1, 1);
    }

    /// <inheritdoc/>
    public override double InitNoiseSigma
    {
        get
        {
            var highest = Sigmas.Length > 0 ? Sigmas.Max() : Table.Highest;
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
            sigmas = Table.Karras(sigmas[0], sigmas[^1], steps);
            timesteps = [.. sigmas.Select(BetweenTimesteps)];
        }

        Arrange(timesteps, [.. sigmas, Config.FinalSigmasType == "sigma_min" ? Table.Lowest : 0]);
    }

    /// <summary>The levels of the timesteps.</summary>
    private protected virtual double[] Levels(double[] timesteps) => [.. timesteps.Select(Table.Interpolate)];

    /// <summary>The timestep that the model is told for a level of Karras spacing.</summary>
    private protected virtual double BetweenTimesteps(double sigma) => Table.TimestepOf(sigma);

    /// <summary>Says in which order N timesteps and N + 1 levels are visited.</summary>
    private protected virtual void Arrange(double[] timesteps, double[] sigmas) => Visit(timesteps, sigmas);

    /// <summary>dx/dσ = (x − x₀)/σ at a sample x = x₀ + σ·ε.</summary>
    private protected Tensor Slope(Tensor modelOutput, Tensor sample, double sigma) =>
        Config.PredictionType == "epsilon" ? modelOutput
            : (sample - PredictOriginal(modelOutput, sample, new NoiseLevel(1, sigma))) / sigma;

    /// <inheritdoc/>
    internal override NoiseLevel LevelAt(int index) => LevelOfSigma(Sigmas[index]);

    /// <summary>How a sample at σ is made up; the table's levels are those of k-diffusion.</summary>
    private protected virtual NoiseLevel LevelOfSigma(double sigma) => new(1, sigma);

    /// <summary>Sets what is to be visited.</summary>
    private protected void Visit(double[] timesteps, IEnumerable<double> sigmas)
    {
        Timesteps = timesteps;
        Sigmas = [.. sigmas.Select(sigma => (double)(float)sigma)];
    }

    /// <summary>Where a timestep stands. Karras spacing can visit a timestep twice, so the expected place goes first.</summary>
    private protected int IndexOf(double timestep) =>
        StepIndex < Timesteps.Length && Timesteps[StepIndex] == timestep ? StepIndex : Find(timestep);

    /// <summary>Where a timestep stands; the next call expects the one after it.</summary>
    private protected int Advance(double timestep)
    {
        var index = IndexOf(timestep);
        StepIndex = index + 1;
        return index;
    }

    // Of a timestep that is visited twice, the second visit: the first one's step is then not left out. Of a broken one,
    // which comes out of logarithms, the last digits may be another library's.
    private int Find(double timestep)
    {
        var first = Array.IndexOf(Timesteps, timestep);
        if (first < 0)
            first = Array.FindIndex(Timesteps, visited => Math.Abs(visited - timestep) < 1e-3);
        if (first < 0)
            throw new ArgumentException($"{timestep} is not among the timesteps; call SetTimesteps and pass them in their order.",
                nameof(timestep));
        var second = Array.IndexOf(Timesteps, Timesteps[first], first + 1);
        return second < 0 ? first : second;
    }
}
