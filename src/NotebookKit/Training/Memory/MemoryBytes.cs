namespace NotebookKit.Training.Memory;

/// <summary>
/// The bytes that tensors hold at a run's peak, by part, from loading the base on.
/// </summary>
/// <param name="Weights">The base and what is trained beside it.</param>
/// <param name="Gradients">Those of everything trained: all of them, as at the end of backward.</param>
/// <param name="Optimizer">What it keeps between steps, float32 masters and a moving average.</param>
/// <param name="Activations">What the peak holds besides: kept for backward, or needed for a moment.</param>
/// <param name="Caches">Encoded pictures and prompts.</param>
public sealed record MemoryBytes(long Weights, long Gradients, long Optimizer, long Activations, long Caches)
{
    /// <summary>The peak.</summary>
    public long Total => Weights + Gradients + Optimizer + Activations + Caches;
}
