using NotebookKit.Checkpoints;
using NotebookKit.Schedulers;
using static TorchSharp.torch;

namespace NotebookKit.Pipeline.Ldm;

/// <summary>The tables of the noise schedule that CompVis' <c>ddpm.py</c> (<c>register_schedule</c>) keeps in every checkpoint.</summary>
internal static class ScheduleBuffers
{
    /// <summary>The twelve tables, in the order of the published files.</summary>
    public static IEnumerable<TensorToSave> Of(SchedulerConfig config)
    {
        // They are what the β are; a schedule rescaled to zero signal would divide by it.
        double[] betas = [.. new NoiseSchedule(config with { RescaleBetasZeroSnr = false }).Betas];
        var product = 1.0;
        var alphas = betas.Select(beta => 1 - beta).ToArray();
        var cumulative = alphas.Select(alpha => product *= alpha).ToArray();
        var previous = cumulative.Prepend(1.0).Take(cumulative.Length).ToArray();
        var variance = betas.Select((beta, i) => beta * (1 - previous[i]) / (1 - cumulative[i])).ToArray();
        yield return Table("betas", betas);
        yield return Table("alphas_cumprod", cumulative);
        yield return Table("alphas_cumprod_prev", previous);
        yield return Table("sqrt_alphas_cumprod", cumulative.Select(Math.Sqrt));
        yield return Table("sqrt_one_minus_alphas_cumprod", cumulative.Select(a => Math.Sqrt(1 - a)));
        yield return Table("log_one_minus_alphas_cumprod", cumulative.Select(a => Math.Log(1 - a)));
        yield return Table("sqrt_recip_alphas_cumprod", cumulative.Select(a => Math.Sqrt(1 / a)));
        yield return Table("sqrt_recipm1_alphas_cumprod", cumulative.Select(a => Math.Sqrt(1 / a - 1)));
        yield return Table("posterior_variance", variance);
        yield return Table("posterior_log_variance_clipped", variance.Select(v => Math.Log(Math.Max(v, 1e-20))));
        yield return Table("posterior_mean_coef1", betas.Select((beta, i) => beta * Math.Sqrt(previous[i]) / (1 - cumulative[i])));
        yield return Table("posterior_mean_coef2", alphas.Select((alpha, i) => (1 - previous[i]) * Math.Sqrt(alpha) / (1 - cumulative[i])));
    }

    private static TensorToSave Table(string name, IEnumerable<double> values) =>
        new(name, tensor(values.Select(value => (float)value).ToArray()), ScalarType.Float32);
}
