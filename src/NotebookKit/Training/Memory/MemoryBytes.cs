using System.Text.Json.Serialization;

namespace NotebookKit.Training.Memory;

/// <summary>
/// The bytes that tensors hold at a run's peak, by part, from loading the base on.
/// </summary>
/// <param name="Weights">The base and what is trained beside it.</param>
/// <param name="Gradients">Those of everything trained.</param>
/// <param name="Optimizer">What it keeps between steps, float32 masters and a moving average.</param>
/// <param name="Activations">What the peak holds besides: kept for backward, or needed for a moment.</param>
/// <param name="Caches">Encoded pictures and prompts.</param>
public sealed record MemoryBytes(long Weights, long Gradients, long Optimizer, long Activations, long Caches)
{
    /// <summary>The peak.</summary>
    public long Total => Weights + Gradients + Optimizer + Activations + Caches;

    /// <summary>The same in finer parts; those of no bytes are left out.</summary>
    [JsonIgnore]
    public IReadOnlyDictionary<MemoryPart, long> Parts { get; init; } = new Dictionary<MemoryPart, long>();

    /// <summary>Adds the parts up.</summary>
    internal static MemoryBytes Of(IReadOnlyList<long> parts)
    {
        return new(
            Sum(MemoryPart.UNet, MemoryPart.Beside), Sum(MemoryPart.Gradients, MemoryPart.Gradients),
            Sum(MemoryPart.OptimizerStates, MemoryPart.MovingAverage),
            Sum(MemoryPart.Norms, MemoryPart.Momentary), Sum(MemoryPart.Caches, MemoryPart.Caches))
        {
            Parts = Enum.GetValues<MemoryPart>().Where(part => parts[(int)part] > 0).ToDictionary(part => part, part => parts[(int)part]),
        };

        long Sum(MemoryPart first, MemoryPart last) => parts.Skip((int)first).Take(last - first + 1).Sum();
    }
}
