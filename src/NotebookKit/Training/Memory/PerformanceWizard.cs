using NotebookKit.Training.Optimizers;
using static TorchSharp.torch;

namespace NotebookKit.Training.Memory;

/// <summary>
/// Finds the cheapest change that makes a run fit. The changes are tried from those that cost nothing to those that change
/// what is learned, and each is rehearsed, not guessed.
/// </summary>
public static class PerformanceWizard
{
    /// <summary>
    /// One change that is enough by itself, the cheapest there is; else the changes that are enough together, in the order
    /// to make them; else a sentence that says how far all of them get.
    /// </summary>
    /// <param name="shape">The base.</param>
    /// <param name="forecast">A run that does not fit.</param>
    public static IReadOnlyList<string> Advise(ModelShape shape, MemoryForecast forecast)
    {
        var changes = Changes(shape, forecast.Plan).ToList();
        foreach (var (what, cost, change) in changes)
        {
            var changed = Rehearse(change(forecast.Plan));
            if (changed.Fits)
                return [$"{what}: {MemoryForecast.Size(changed.Bytes.Total)} instead of {MemoryForecast.Size(forecast.Bytes.Total)}; {cost}."];
        }

        var advice = new List<string>();
        var now = forecast;
        foreach (var (what, cost, change) in changes)
        {
            var changed = Rehearse(change(now.Plan));
            if (changed.Bytes.Total >= now.Bytes.Total)
                continue;
            advice.Add($"{what}: down to {MemoryForecast.Size(changed.Bytes.Total)}; {cost}.");
            now = changed;
            if (now.Fits)
                return advice;
        }

        advice.Add($"Even so {MemoryForecast.Size(now.Bytes.Total + now.Reserve)} are more than the {MemoryForecast.Size(forecast.Available ?? 0)} there are; train a smaller base or on a larger machine.");
        return advice;

        MemoryForecast Rehearse(MemoryPlan plan) => new(plan, TrainingRehearsal.Run(shape, plan), forecast.Available);
    }

    private static IEnumerable<(string What, string Cost, Func<MemoryPlan, MemoryPlan> Change)> Changes(ModelShape shape, MemoryPlan plan)
    {
        if (!plan.FreeEncoders)
            yield return ("Put the VAE and the frozen text encoder aside once everything is encoded (--free-encoders)", "samples wait until they are back", old => old with { FreeEncoders = true });
        if (!plan.Checkpointing)
            yield return ("Turn gradient checkpointing on (--checkpointing)", "a step takes about a third longer", old => old with { Checkpointing = true });
        if (plan.Optimizer is OptimizerKind.AdamW or OptimizerKind.Prodigy)
            yield return ("Keep the optimizer's averages in 8 bits (--optimizer adamw8bit)", "steps differ by a few per cent", old => old with { Optimizer = OptimizerKind.AdamW8bit });
        if (plan.Ema)
            yield return ("Keep no moving average (--ema 0)", "the last weights are a little noisier", old => old with { Ema = false });
        if (plan.Batch > 1)
            yield return ($"Take one picture at a time and add {plan.Batch * plan.Accumulation} up (--batch 1 --accumulation {plan.Batch * plan.Accumulation})", "the result is the same, the run slower", old => old with { Batch = 1, Accumulation = plan.Batch * plan.Accumulation });
        if (plan.DType == ScalarType.Float32)
            yield return ("Hold the base in half precision (--dtype bf16)", "on a GPU faster too, on most CPUs much slower", old => old with { DType = ScalarType.BFloat16 });
        if (plan.TextEncoder)
            yield return ("Leave the text encoder as it is", "the new word is learned by the UNet alone", old => old with { TextEncoder = false });
        if (plan.Method is TrainMethod.DreamBooth or TrainMethod.Imagic)
            yield return ("Train adapters instead of every weight (--method lora)", "a file of megabytes instead of a model", old => old with { Method = TrainMethod.Lora });
        var size = plan.Size ?? shape.SampleSize;
        var smaller = size * 3 / 4 / (8 * shape.Vae.Factor) * (8 * shape.Vae.Factor);
        if (smaller >= 16 * shape.Vae.Factor)
            yield return ($"Train on pictures of {smaller} pixels (--size {smaller})", "finer detail is lost", old => old with { Size = smaller });
    }
}
