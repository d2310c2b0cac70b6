namespace NotebookKit.Models;

/// <summary>
/// How much memory attention may take where libtorch has no fused kernel (before 2.0): the scores QKᵀ are its largest
/// tensors, and beyond these bounds they are made piece by piece. 64×64 latents have 134 million of them in each of SD
/// 1.5's first layers, half a gigabyte. One piece and its softmax are alive at a time, so the peak is twice the bound.
/// </summary>
public static class AttentionMemory
{
    /// <summary>The scores made at once while attention is sliced: one million, 4 MB in float32.</summary>
    internal const long SlicedScores = 1 << 20;

    private static long mostScores = 1 << 25;
    private static long mostScoresForGradient = 1 << 28;

    /// <summary>The most scores made at once without gradients; 33.5 million, 134 MB in float32. At least one row is made.</summary>
    public static long MostScores
    {
        get => mostScores;
        set => mostScores = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), "At least one score must be made at once.");
    }

    /// <summary>
    /// The most scores kept for backward by one layer; 268 million, 1 GB in float32. Beyond it each piece is made again in
    /// backward, which takes about a third more time of attention.
    /// </summary>
    public static long MostScoresForGradient
    {
        get => mostScoresForGradient;
        set => mostScoresForGradient = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), "At least one score must be made at once.");
    }

    /// <summary>
    /// Attention slicing: until disposed, no more than a million scores are made at once, with gradients or without, and
    /// backward makes them again. The same numbers for less memory and more time. Of no effect where attention is fused.
    /// </summary>
    public static IDisposable Slice() => new Sliced();

    private sealed class Sliced : IDisposable
    {
        private readonly (long Plain, long ForGradient) _before = (mostScores, mostScoresForGradient);

        public Sliced() => (mostScores, mostScoresForGradient) = (Math.Min(mostScores, SlicedScores), Math.Min(mostScoresForGradient, SlicedScores));

        public void Dispose() => (mostScores, mostScoresForGradient) = _before;
    }
}
