using NotebookKit.Torch;
using static TorchSharp.torch;

namespace NotebookKit.Training.Memory;

/// <summary>Tells a learner whose run did not fit what was forecast, what was held, and what to do.</summary>
public static class OutOfMemory
{
    /// <summary>Whether an exception says that memory ran out.</summary>
    /// <param name="exception">What a step threw.</param>
    public static bool Is(Exception exception) =>
        exception is OutOfMemoryException
        || exception.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase)
        || exception.Message.Contains("can't allocate memory", StringComparison.OrdinalIgnoreCase);

    /// <summary>One sentence: forecast, actual, next step.</summary>
    /// <param name="shape">The base.</param>
    /// <param name="plan">The run's settings.</param>
    /// <param name="device">Where the tensors were.</param>
    public static string Sentence(ModelShape shape, MemoryPlan plan, Device device)
    {
        var held = TorchExtras.TensorBytes(device)?.Peak ?? 0;
        // What was held did not fit, so whatever is to fit must stay below it.
        var forecast = new MemoryForecast(plan, TrainingRehearsal.Run(shape, plan), 0);
        var short_ = forecast with { Available = Math.Min(held, forecast.Bytes.Total) + forecast.Reserve - 1 };
        var next = PerformanceWizard.Advise(shape, short_)[0];
        return $"Memory ran out: {MemoryForecast.Size(forecast.Bytes.Total)} were forecast and {MemoryForecast.Size(held)} held when no more was to be had; next, {char.ToLowerInvariant(next[0])}{next[1..]}";
    }
}
