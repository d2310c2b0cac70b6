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
    private readonly float[] logSigmas = [.. SigmasOf(config).Select(sigma => MathF.Log(sigma))];

    /// <summary>The noise level at each of <see cref="Scheduler.Timesteps"/>, and the one after the last step.</summary>
    public double[] Sigmas { get; private set; } = [];

    /// <summary>σ for each training timestep.</summary>
    private protected double[] TrainingSigmas { get; } = [.. SigmasOf(config).Select(sigma => (double)sigma)];

    /// <summary>Sets what is to be visited and starts at the top.</summary>
    private protected void Visit(double[] timesteps, IEnumerable<double> sigmas)
    {
        Timesteps = timesteps;
        Sigmas = [.. sigmas.Select(sigma => (double)(float)sigma)];
        StepIndex = 0;
    }

    /// <summary>Where a timestep stands. Karras spacing can visit a timestep twice, so the expected place goes first.</summary>
    private protected int IndexOf(double timestep)
    {
        if (StepIndex < Timesteps.Length && Timesteps[StepIndex] == timestep)
            return StepIndex;
        var index = Array.IndexOf(Timesteps, timestep);
        return index >= 0 ? index : throw new ArgumentException($"{timestep} is not among the timesteps; call SetTimesteps and pass them in their order.", nameof(timestep));
    }

    /// <summary>Where a timestep stands; the next call expects the one after it.</summary>
    private protected int Advance(double timestep)
    {
        var index = IndexOf(timestep);
        StepIndex = index + 1;
        return index;
    }

    /// <summary>The levels at each timestep of (B), as (B, 1, 1, 1) like the pictures.</summary>
    private protected Tensor SigmasAt(Tensor timesteps, Tensor like)
    {
        using var onCpu = timesteps.to(ScalarType.Float64).cpu();
        var sigmas = onCpu.data<double>().Select(t => (float)Sigmas[Array.IndexOf(Timesteps, t) is var i and >= 0 ? i : throw new ArgumentException($"{t} is not among the timesteps.", nameof(timesteps))]);
        return tensor(sigmas.ToArray()).to(like.dtype, like.device).view(-1, 1, 1, 1);
    }

    /// <summary>Karras et al. 2022, equation 5, with ρ = 7.</summary>
    private protected static double[] KarrasSigmas(double highest, double lowest, int steps)
    {
        const double rho = 7;
        var (from, to) = (Math.Pow(highest, 1 / rho), Math.Pow(lowest, 1 / rho));
        return [.. Enumerable.Range(0, steps).Select(i => Math.Pow(from + (steps == 1 ? 0 : i / (double)(steps - 1)) * (to - from), rho))];
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
        var low = Math.Clamp(Array.FindLastIndex(logSigmas, log => log <= wanted), 0, logSigmas.Length - 2);
        return low + Math.Clamp((logSigmas[low] - wanted) / (logSigmas[low] - logSigmas[low + 1]), 0, 1);
    }

    private static IEnumerable<float> SigmasOf(SchedulerConfig config) =>
        new NoiseSchedule(config).AlphasCumprod.Select(alpha => MathF.Sqrt((1 - alpha) / alpha));
}
