using NotebookKit.Training.Optimizers;

namespace NotebookKit.Training.Memory;

/// <summary>What optimizers keep, and what they need for a moment during a step, in bytes.</summary>
internal static class OptimizerMemory
{
    private const int Float = 4;
    private const int SmallestQuantized = 4096; // as AdamW8bit has it
    private const long Piece = 1 << 20; // the most numbers that a step of 8-bit AdamW has in float32 at once

    /// <summary>What is kept between steps.</summary>
    /// <param name="kind">The optimizer.</param>
    /// <param name="shapes">Of everything that learns.</param>
    public static long StateBytes(OptimizerKind kind, IEnumerable<long[]> shapes) => shapes.Sum(shape =>
    {
        var count = CountedParameters.Numbers(shape);
        return kind switch
        {
            // A byte for each number and a float for each block, twice.
            OptimizerKind.AdamW8bit when count >= SmallestQuantized => 2 * (count
                + (Float * ((count + BlockwiseQuantization.BlockSize - 1) / BlockwiseQuantization.BlockSize))),
            // A mean for each row and each column.
            OptimizerKind.Adafactor => Float * (shape.Length >= 2 ? shape[0] + (count / shape[0]) : count),
            OptimizerKind.Lion => Float * count,
            OptimizerKind.Prodigy => 4 * Float * count,
            _ => 2 * Float * count,
        };
    });

    /// <summary>What a step needs for a moment: all but Adafactor go through the vector of parameters piece by piece.</summary>
    /// <param name="kind">The optimizer.</param>
    /// <param name="shapes">Of everything that learns.</param>
    /// <param name="onGpu">Whether the pieces are those of a GPU.</param>
    public static long StepBytes(OptimizerKind kind, IReadOnlyCollection<long[]> shapes, bool onGpu)
    {
        if (shapes.Count == 0)
            return 0;
        var (largest, all) = (shapes.Max(CountedParameters.Numbers), shapes.Sum(CountedParameters.Numbers));
        return kind switch
        {
            // Codes as whole numbers among them, which index the table of values.
            OptimizerKind.AdamW8bit => 10 * Float * Math.Min(largest, Piece),
            // The scaled gradient, its square, the update, and the update's square.
            OptimizerKind.Adafactor => 4 * Float * largest,
            _ => 3 * Float * Math.Min(all, onGpu ? TrainOptimizer.GpuPiece : TrainOptimizer.CpuPiece),
        };
    }
}
