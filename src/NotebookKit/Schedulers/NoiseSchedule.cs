namespace NotebookKit.Schedulers;

/// <summary>
/// The noising process as two tables: β_t, the noise added at timestep t, and ᾱ_t = ∏(1 − β), how much of the picture
/// is left after it (Ho et al. 2020, equation 4). Rounded to float32 where diffusers rounds, so that the tables agree.
/// </summary>
public sealed class NoiseSchedule
{
    /// <summary>Computes the tables.</summary>
    /// <param name="config">Says how β grows.</param>
    public NoiseSchedule(SchedulerConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        var betas = config.TrainedBetas is { } given ? [.. given.Select(beta => (float)beta)] : Grow(config);
        Betas = config.RescaleBetasZeroSnr ? WithZeroTerminalSnr(betas) : betas;
        AlphasCumprod = CumulativeProduct(Betas);
    }

    /// <summary>β_t for each timestep.</summary>
    public IReadOnlyList<float> Betas { get; }

    /// <summary>ᾱ_t for each timestep: near 1 at the start, 0.0047 at the end in Stable Diffusion.</summary>
    public IReadOnlyList<float> AlphasCumprod { get; }

    private static float[] Grow(SchedulerConfig config)
    {
        var count = config.NumTrainTimesteps;
        return config.BetaSchedule switch
        {
            "linear" => LinSpace(config.BetaStart, config.BetaEnd, count),
            "scaled_linear" => [.. LinSpace(Math.Sqrt(config.BetaStart), Math.Sqrt(config.BetaEnd), count).Select(root => root * root)],
            "sigmoid" => [.. LinSpace(-6, 6, count)
                .Select(x => 1 / (1 + MathF.Exp(-x)) * (float)(config.BetaEnd - config.BetaStart) + (float)config.BetaStart)],
            "exp" => FromAlphaBar(count, time => Math.Exp(-12 * time)),
            _ => FromAlphaBar(count, CosineAlphaBar),
        };
    }

    private static float[] FromAlphaBar(int count, Func<double, double> alphaBar) =>
        [.. Enumerable.Range(0, count).Select(i => (float)Math.Min(1 - alphaBar((i + 1.0) / count) / alphaBar((double)i / count), 0.999))];

    // Nichol and Dhariwal 2021, equation 17.
    private static double CosineAlphaBar(double time)
    {
        var cosine = Math.Cos((time + 0.008) / 1.008 * Math.PI / 2);
        return cosine * cosine;
    }

    // As torch rounds it on a processor with AVX2, where published tables were made: eight numbers at a time, one fused step
    // to the first of them and another to each. A zero terminal SNR makes 80 of a last digit, so it is the same everywhere.
    private static float[] LinSpace(double start, double end, int count)
    {
        const int lanes = 8;
        var (first, last) = ((float)start, (float)end);
        var step = count > 1 ? (last - first) / (count - 1) : 0;
        var values = new float[count];
        for (var i = 0; i < count; i++)
        {
            var from = i / lanes * lanes;
            if (from + lanes > count)
                from = i;
            var reached = from < count / 2 ? MathF.FusedMultiplyAdd(step, from, first)
                : MathF.FusedMultiplyAdd(-step, count - 1 - from, last);
            values[i] = MathF.FusedMultiplyAdd(step, i - from, reached);
        }

        return values;
    }

    // Lin et al. 2023, algorithm 1: shift √ᾱ so that it ends at 0, scale it so that it starts where it did.
    private static float[] WithZeroTerminalSnr(float[] betas)
    {
        var roots = CumulativeProduct(betas).Select(MathF.Sqrt).ToArray();
        var (first, last) = (roots[0], roots[^1]);
        var alphasBar = roots.Select(root => (root - last) * (first / (first - last))).Select(root => root * root).ToArray();
        return [.. alphasBar.Select((alphaBar, i) => 1 - (i == 0 ? alphaBar : alphaBar / alphasBar[i - 1]))];
    }

    // torch.cumprod multiplies in float64 and rounds each entry.
    private static float[] CumulativeProduct(IReadOnlyList<float> betas)
    {
        var product = 1.0;
        return [.. betas.Select(beta => (float)(product *= 1 - beta))];
    }
}
