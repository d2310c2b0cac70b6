namespace NotebookKit.Schedulers;

/// <summary>The noise levels σ = √((1 − ᾱ)/ᾱ) of a model's training timesteps, and levels spaced anew between them.</summary>
internal sealed class SigmaTable
{
    private readonly SchedulerConfig _config;
    private readonly double[] _sigmas;

    // In float32, as the reference has it: the timesteps between whole ones depend on the last digit.
    private readonly float[] _logSigmas;

    /// <summary>Computes the levels.</summary>
    /// <param name="config">The model's noise schedule.</param>
    public SigmaTable(SchedulerConfig config)
    {
        _config = config;
        _sigmas = [.. SigmasOf(config).Select(sigma => (double)sigma)];
        _logSigmas = [.. SigmasOf(config).Select(sigma => MathF.Log(sigma))];
    }

    /// <summary>The level of timestep 0.</summary>
    public double Lowest => _sigmas[0];

    /// <summary>The level of the last timestep.</summary>
    public double Highest => _sigmas[^1];

    /// <summary>Karras et al. 2022, equation 5, with ρ = 7.</summary>
    public double[] Karras(double highest, double lowest, int steps)
    {
        const double rho = 7;
        var (from, to) = (Math.Pow(_config.SigmaMax ?? highest, 1 / rho), Math.Pow(_config.SigmaMin ?? lowest, 1 / rho));
        return [.. Enumerable.Range(0, steps).Select(i => Math.Pow(from + Share(i, steps) * (to - from), rho))];
    }

    /// <summary>Levels evenly spaced in log σ, both ends included.</summary>
    public static double[] LogLinear(double highest, double lowest, int count)
    {
        var (from, to) = (Math.Log(highest), Math.Log(lowest));
        return [.. Enumerable.Range(0, count).Select(i => Math.Exp(from + Share(i, count) * (to - from)))];
    }

    /// <summary>The level at a timestep between whole ones.</summary>
    public double Interpolate(double timestep)
    {
        var low = (int)Math.Clamp(Math.Floor(timestep), 0, _sigmas.Length - 1);
        var high = Math.Min(low + 1, _sigmas.Length - 1);
        return _sigmas[low] + (Math.Min(timestep, high) - low) * (_sigmas[high] - _sigmas[low]);
    }

    /// <summary>The timestep, between whole ones, whose level is σ: the inverse of the table, linear in log σ.</summary>
    public double TimestepOf(double sigma)
    {
        var wanted = Math.Log(Math.Max(sigma, 1e-10));
        // With zero terminal SNR the last levels need not rise: the highest is the last one's, whatever its last digit.
        if (wanted >= _logSigmas[^1] - 1e-6)
            return _logSigmas.Length - 1;
        var low = Math.Clamp(Array.FindLastIndex(_logSigmas, log => log <= wanted), 0, _logSigmas.Length - 2);
        return low + Math.Clamp((_logSigmas[low] - wanted) / (_logSigmas[low] - _logSigmas[low + 1]), 0, 1);
    }

    private static double Share(int index, int count) => count == 1 ? 0 : index / (double)(count - 1);

    // Pure noise has no finite σ: with zero terminal SNR the last ᾱ is the smallest number of float16.
    private static IEnumerable<float> SigmasOf(SchedulerConfig config)
    {
        var alphas = new NoiseSchedule(config).AlphasCumprod;
        return alphas.Select((alpha, t) => config.RescaleBetasZeroSnr && t == alphas.Count - 1 ? MathF.Pow(2, -24) : alpha)
            .Select(alpha => MathF.Sqrt((1 - alpha) / alpha));
    }
}
