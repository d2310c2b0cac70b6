using static TorchSharp.torch;

namespace NotebookKit.Training.Optimizers;

/// <summary>
/// Lion (Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms", algorithm 2): every weight moves by the
/// learning rate, up or down after the sign of an average of gradients. One average is kept, half of what AdamW keeps.
/// Its rate wants to be 3 to 10 times below AdamW's.
/// </summary>
/// <param name="groups">What is trained.</param>
/// <param name="beta1">How much of the average stays in the direction, in [0, 1).</param>
/// <param name="beta2">How slowly the average moves, in [0, 1).</param>
public sealed class Lion(IEnumerable<OptimizerGroup> groups, double beta1 = 0.9, double beta2 = 0.99) : TrainOptimizer(groups)
{
    private protected override IReadOnlyList<string> Kept => ["exp_avg"];

    private protected override void Update(double factor)
    {
        foreach (var (group, state) in Learning)
        {
            state.Step++;
            var kept = state.Get("exp_avg", () => zeros_like(group.Weights));
            ForEachPiece(group, factor, piece =>
            {
                var average = piece.Of(kept);
                var direction = average.mul(beta1).add_(piece.Gradient, 1 - beta1).sign_();
                piece.Weights.mul_(1 - (group.LearningRate * group.WeightDecay)).add_(direction, -group.LearningRate);
                average.mul_(beta2).add_(piece.Gradient, 1 - beta2);
            });
        }
    }
}
