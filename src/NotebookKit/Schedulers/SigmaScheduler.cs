using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>
/// What the samplers share that think in noise levels σ = √((1 − ᾱ)/ᾱ) (Karras et al. 2022): the table of levels to
/// visit, which ends one past the last timestep.
/// </summary>
/// <param name="config">The model's noise schedule.</param>
public abstract class SigmaScheduler(SchedulerConfig config) : Scheduler(config)
{
    // In float32, as the reference has it: the timesteps between whole ones depend on the last digit.
    private readonly float[] _logSigmas = [.. SigmasOf(config).Select(sigma => MathF.Log(sigma))];

    /// <summary>The noise level at each of <see cref="Scheduler.Timesteps"/>, and the one after the last step.</summary>
    public double[] Sigmas { get; private set; } = [];

    /// <summary>σ for each training timestep.</summary>
    private protected double[] TrainingSigmas { get; } = [.. SigmasOf(config).Select(sigma => (double)sigma)];

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

    /// <summary>Karras et al. 2022, equation 5, with ρ = 7.</summary>
    private protected double[] KarrasSigmas(double highest, double lowest, int steps)
    {
        const double rho = 7;
        var (from, to) = (Math.Pow(Config.SigmaMax ?? highest, 1 / rho), Math.Pow(Config.SigmaMin ?? lowest, 1 / rho));
        return [.. Enumerable.Range(0, steps).Select(i => Math.Pow(from + Share(i, steps) * (to - from), rho))];
    }

    /// <summary>Levels evenly spaced in log σ, both ends included.</summary>
    private protected static double[] LogLinear(double highest, double lowest, int count)
    {
        var (from, to) = (Math.Log(highest), Math.Log(lowest));
        return [.. Enumerable.Range(0, count).Select(i => Math.Exp(from + Share(i, count) * (to - from)))];
    }

    /// <summary>The level at a timestep between whole ones.</summary>
    private protected double Interpolate(double timestep)
    {
        var low = (int)Math.Clamp(Math.Floor(timestep), 0, TrainingSigmas.Length - 1);
        var high = Math.Min(low + 1, TrainingSigmas.Length - 1);
        return TrainingSigmas[low] + (Math.Min(timestep, high) - low) * (TrainingSigmas[high] - TrainingSigmas[low]);
    }

    /// <summary>The timestep, between whole ones, whose level is σ: the inverse of the table, linear in log σ.</summary>
    private protected double TimestepOf(double sigma)
    {
        var wanted = Math.Log(Math.Max(sigma, 1e-10));
        // With zero terminal SNR the last levels need not rise: the highest is the last one's, whatever its last digit.
        if (wanted >= _logSigmas[^1] - 1e-6)
            return _logSigmas.Length - 1;
        var low = Math.Clamp(Array.FindLastIndex(_logSigmas, log => log <= wanted), 0, _logSigmas.Length - 2);
        return low + Math.Clamp((_logSigmas[low] - wanted) / (_logSigmas[low] - _logSigmas[low + 1]), 0, 1);
    }

    private static double Share(int index, int count) => count == 1 ? 0 : index / (double)(count - 1);

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

    // Pure noise has no finite σ: with zero terminal SNR the last ᾱ is the smallest number of float16.
    private static IEnumerable<float> SigmasOf(SchedulerConfig config)
    {
        var alphas = new NoiseSchedule(config).AlphasCumprod;
        return alphas.Select((alpha, t) => config.RescaleBetasZeroSnr && t == alphas.Count - 1 ? MathF.Pow(2, -24) : alpha)
            .Select(alpha => MathF.Sqrt((1 - alpha) / alpha));
    }
}
