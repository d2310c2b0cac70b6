using System.Globalization;
using NotebookKit.Training.Optimizers;
using static TorchSharp.torch;

namespace NotebookKit.Training.Memory;

/// <summary>
/// Finds the cheapest change that makes a run fit. The changes are tried from those that cost nothing to those that change
/// what is learned, and each is counted, not guessed.
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
        ArgumentNullException.ThrowIfNull(forecast);
        var changes = Changes(shape, forecast.Plan).ToList();
        foreach (var change in changes)
        {
            var changed = Count(change.Of(forecast.Plan));
            if (changed.Fits)
                return [$"{change}: {MemoryForecast.Size(changed.Bytes.Total)} instead of {MemoryForecast.Size(forecast.Bytes.Total)}; "
                    + $"{change.Cost}."];
        }

        var advice = new List<string>();
        var now = forecast;
        foreach (var change in changes)
        {
            var changed = Count(change.Of(now.Plan));
            if (changed.Bytes.Total >= now.Bytes.Total)
                continue;
            advice.Add($"{change}: down to {MemoryForecast.Size(changed.Bytes.Total)}; {change.Cost}.");
            now = changed;
            if (now.Fits)
                return advice;
        }

        advice.Add($"Even so {MemoryForecast.Size(now.Bytes.Total + now.Reserve)} are more than the "
            + $"{MemoryForecast.Size(forecast.Available ?? 0)} there are; train a smaller base or on a larger machine.");
        return advice;

        MemoryForecast Count(MemoryPlan plan) => new(plan, MemoryCount.Of(shape, plan), forecast.Available);
    }

    /// <summary>Every change that a plan leaves to make, the cheapest first.</summary>
    /// <param name="shape">The base.</param>
    /// <param name="plan">The settings.</param>
    public static IEnumerable<MemoryChange> Changes(ModelShape shape, MemoryPlan plan)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(plan);
        if (!plan.Options.Memory.FreeEncoders && plan.EncodersCanGo)
            yield return new("Put the VAE and the frozen text encoder aside once everything is encoded", ["--free-encoders"],
                "samples and saving wait until they are back");
        if (!plan.Options.Memory.GradientCheckpointing)
            yield return new("Turn gradient checkpointing on", ["--checkpointing"], "a step takes about a third longer");
        if (plan.Options.Learning.Optimizer is OptimizerKind.AdamW or OptimizerKind.Prodigy)
            yield return new("Keep the optimizer's averages in 8 bits", ["--optimizer", "adamw8bit"], "steps differ by a few per cent");
        if (plan.KeepsAverage)
            yield return new("Keep no moving average", ["--ema", "0"], "the last weights are a little noisier");
        if (plan.Batch > 1)
        {
            var sum = plan.Batch * plan.Options.Intervals.GradientAccumulation;
            yield return new($"Take one picture at a time and add {sum} up", ["--batch", "1", "--accumulation", Text(sum)],
                "the result is the same, the run slower");
        }

        if (plan.DType == ScalarType.Float32)
            yield return new("Hold the base in half precision", ["--dtype", "bfloat16"],
                "faster too on a GPU and where the processor multiplies it (kit doctor says), else slower");
        if (plan.Options.TextRatio > 0 && plan.Options.Method is not (TrainMethod.TextualInversion or TrainMethod.Imagic))
            yield return new("Leave the text encoder as it is", ["--text-encoder-ratio", "0"], "the new word is learned by the UNet alone");
        if (plan.Options.Method is TrainMethod.DreamBooth or TrainMethod.Imagic)
            yield return new("Train adapters instead of every weight", ["--method", "lora"], "a file of megabytes instead of a model");
        var size = plan.Options.Images.Size ?? shape.SampleSize;
        var smaller = size * 3 / 4 / (8 * shape.Vae.Factor) * (8 * shape.Vae.Factor);
        if (smaller >= 16 * shape.Vae.Factor)
            yield return new($"Train on pictures of {smaller} pixels", ["--size", Text(smaller)], "finer detail is lost");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
