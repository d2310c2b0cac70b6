using System.Globalization;

namespace NotebookKit.Training.Memory;

/// <summary>What a run will hold at its peak, whether that fits, and what to change where it does not.</summary>
/// <param name="Plan">The settings.</param>
/// <param name="Bytes">The peak by part.</param>
/// <param name="Available">Bytes of the device, or of RAM; null when nobody has said.</param>
public sealed record MemoryForecast(MemoryPlan Plan, MemoryBytes Bytes, long? Available)
{
    // A CUDA context with the workspaces of cuDNN and cuBLAS takes 0.5 to 1 GB; this kit's process on a CPU, with .NET and
    // libtorch, before it holds a tensor, takes what `kit bench memory` prints.
    private const long GpuReserve = 750_000_000;
    private const long ProcessReserve = 300_000_000;

    /// <summary>What is needed beside the tensors: the CUDA context, or the process itself.</summary>
    public long Reserve => Plan.OnGpu ? GpuReserve : ProcessReserve;

    /// <summary>What the process will hold at most, or the GPU: tensors and reserve.</summary>
    public long Needed => Bytes.Total + Reserve;

    /// <summary>Whether tensors and reserve fit; true when no size is known.</summary>
    public bool Fits => Available is not { } available || Needed <= available;

    /// <summary>What to change, the cheapest first, a sentence each; empty when the run fits.</summary>
    public IReadOnlyList<string> Advice { get; init; } = [];

    /// <summary>Forecasts a run.</summary>
    /// <param name="shape">The base.</param>
    /// <param name="plan">The settings.</param>
    /// <param name="available">Bytes that there are; null when nobody has said.</param>
    /// <exception cref="BadInputException">A setting is out of range.</exception>
    public static MemoryForecast Of(ModelShape shape, MemoryPlan plan, long? available = null)
    {
        var forecast = new MemoryForecast(plan, MemoryCount.Of(shape, plan), available);
        return forecast.Fits ? forecast : forecast with { Advice = PerformanceWizard.Advise(shape, forecast) };
    }

    /// <summary>Bytes as people read them: 812 MB, 7.9 GB.</summary>
    public static string Size(long bytes) => bytes < 1_000_000_000
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.#} MB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0#} GB");
}
