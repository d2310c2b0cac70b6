using NotebookKit.Training.Optimizers;
using TorchSharp.Modules;

namespace NotebookKit.Training.Memory;

/// <summary>What optimizers keep, and what they need for a moment during a step, in bytes.</summary>
internal static class OptimizerMemory
{
    private const int SmallestQuantized = 4096; // as AdamW8bit has it

    /// <summary>What is kept for a parameter between steps.</summary>
    public static long StateBytes(OptimizerKind kind, Parameter parameter)
    {
        var count = parameter.numel();
        return kind switch
        {
            OptimizerKind.AdamW8bit when count >= SmallestQuantized => 2 * (count + (4 * ((count + BlockwiseQuantization.BlockSize - 1) / BlockwiseQuantization.BlockSize))),
            OptimizerKind.Adafactor => 4 * (parameter.dim() >= 2 ? parameter.shape[0] + (count / parameter.shape[0]) : count),
            OptimizerKind.Lion => 4 * count,
            OptimizerKind.Prodigy => 16 * count,
            _ => 8 * count,
        };
    }

    /// <summary>What a step needs for a moment: most optimizers go through the parameters one by one.</summary>
    public static long StepBytes(OptimizerKind kind, IReadOnlyList<Parameter> parameters, bool onGpu)
    {
        if (parameters.Count == 0)
            return 0;
        var largest = parameters.Max(parameter => parameter.numel());
        return kind switch
        {
            OptimizerKind.AdamW => onGpu ? 4 * parameters.Sum(parameter => parameter.numel()) : 0, // on the CPU one loop without temporaries
            OptimizerKind.AdamW8bit => 40 * Math.Min(largest, 1 << 20),
            OptimizerKind.Lion => 4 * largest,
            OptimizerKind.Adafactor => 12 * largest,
            _ => 8 * largest,
        };
    }
}
