
namespace NotebookKit.Training.Optimizers;

/// <summary>Makes optimizers by their kind.</summary>
public static class TrainOptimizers
{
    /// <summary>An optimizer of a kind with its usual settings.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="groups">What is trained, at which rates.</param>
    public static TrainOptimizer Create(OptimizerKind kind, IReadOnlyList<OptimizerGroup> groups) => kind switch
    {
        OptimizerKind.AdamW8bit => new AdamW8bit(groups),
        OptimizerKind.Adafactor => new Adafactor(groups),
        OptimizerKind.Lion => new Lion(groups),
        OptimizerKind.Prodigy => new Prodigy(groups),
        _ => new AdamW(groups),
    };

    /// <summary>
    /// What to multiply a rate found for AdamW by: Lion's steps are all of full size and want 3 to 10 times less (its
    /// paper, section 5). Prodigy finds its own rate: it takes 1 whatever AdamW took.
    /// </summary>
    /// <param name="kind">The optimizer.</param>
    /// <param name="adamRate">A rate that suits AdamW.</param>
    public static double SuitableRate(OptimizerKind kind, double adamRate) => kind switch
    {
        OptimizerKind.Lion => adamRate / 5,
        OptimizerKind.Prodigy => 1,
        _ => adamRate,
    };
}
