using static TorchSharp.torch;

namespace NotebookKit.Training.Memory;

/// <summary>Tells a learner whose run did not fit what was forecast, what was held, and what to do.</summary>
public static class OutOfMemory
{
    /// <summary>Whether an exception says that memory ran out.</summary>
    /// <param name="exception">What a step threw.</param>
    public static bool Is(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception is OutOfMemoryException
            || exception.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase)
            || exception.Message.Contains("can't allocate memory", StringComparison.OrdinalIgnoreCase)
            || exception.Message.Contains("not enough memory", StringComparison.OrdinalIgnoreCase); // libtorch from 2.0 on
    }

    /// <summary>One sentence: forecast, actual, what was saved, next step.</summary>
    /// <param name="shape">The base.</param>
    /// <param name="plan">The run's settings.</param>
    /// <param name="device">Where the tensors were.</param>
    /// <param name="checkpoint">Where what was learned is kept; null where nothing was learned yet.</param>
    public static string Sentence(ModelShape shape, MemoryPlan plan, Device device, string? checkpoint = null)
    {
        var held = MemoryUse.PeakBytes(device);
        var kept = checkpoint is null ? "" : $"what was learned is kept in {checkpoint}; ";
        try
        {
            var forecast = MemoryForecast.Of(shape, plan).Needed;
            var next = Next(shape, plan, Math.Min(held, forecast), checkpoint is not null);
            return $"Memory ran out: {MemoryForecast.Size(forecast)} were forecast and {MemoryForecast.Size(held)} held when no more was "
                + $"to be had; {kept}next, {next}.";
        }
        catch (Exception e) when (Is(e))
        {
            return $"Memory ran out, with {MemoryForecast.Size(held)} held when no more was to be had and none left to forecast with; "
                + $"{kept}kit forecast tells what the settings take and what to change.";
        }
    }

    // What was held did not fit, so whatever is to fit must stay below it. A run that has learned something is to go on.
    private static string Next(ModelShape shape, MemoryPlan plan, long tooMuch, bool started)
    {
        var changes = PerformanceWizard.Changes(shape, plan)
            .OrderBy(change => started && !change.KeepsCheckpoints)
            .Select(change => (Change: change, Total: MemoryForecast.Of(shape, change.Of(plan)).Needed));
        if (changes.FirstOrDefault(tried => tried.Total < tooMuch).Change is not { } best)
            return "train a smaller base, or on a machine with more memory";
        return $"{char.ToLowerInvariant(best.What[0])}{best.What[1..]} ({string.Join(' ', best.Flags)}) and "
            + $"{(!started ? "start again" : best.KeepsCheckpoints ? "go on with --resume" : "start anew, for the checkpoint is of the "
                + "old settings")}";
    }
}
