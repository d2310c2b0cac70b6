using static TorchSharp.torch;

namespace NotebookKit.Training.Optimizers;

/// <summary>AdamW (Loshchilov &amp; Hutter 2019, algorithm 2), in the order of PyTorch's arithmetic.</summary>
/// <param name="groups">What is trained.</param>
/// <param name="beta1">How slowly the average of gradients moves, in [0, 1).</param>
/// <param name="beta2">How slowly the average of their squares moves, in [0, 1).</param>
/// <param name="eps">Added to the root of the average of squares.</param>
public sealed class AdamW(IEnumerable<OptimizerGroup> groups, double beta1 = 0.9, double beta2 = 0.999,
    double eps = 1e-8) : TrainOptimizer(groups)
{
    private protected override IReadOnlyList<string> Kept => ["exp_avg", "exp_avg_sq"];

    private protected override void Update(double factor)
    {
        foreach (var (group, state) in Learning)
        {
            state.Step++;
            var first = state.Get("exp_avg", () => zeros_like(group.Weights));
            var second = state.Get("exp_avg_sq", () => zeros_like(group.Weights));
            ForEachPiece(group, factor, piece =>
                Move(piece, piece.Of(first), piece.Of(second), state.Step, group, (beta1, beta2, eps)));
        }
    }

    /// <summary>Moves a piece's weights, and its two averages, (n) each.</summary>
    internal static void Move(Piece piece, Tensor first, Tensor second, long step, OptimizerGroup group,
        (double Beta1, double Beta2, double Eps) settings)
    {
        var (weights, gradient) = (piece.Weights, piece.Gradient);
        first.mul_(settings.Beta1).add_(gradient, 1 - settings.Beta1);
        second.mul_(settings.Beta2).addcmul_(gradient, gradient, 1 - settings.Beta2);
        var size = second.sqrt().div_(Math.Sqrt(1 - Math.Pow(settings.Beta2, step))).add_(settings.Eps);
        var rate = -group.LearningRate / (1 - Math.Pow(settings.Beta1, step));
        if (group.Rates is null)
        {
            weights.mul_(1 - (group.LearningRate * group.WeightDecay));
            weights.addcdiv_(first, size, rate);
        }
        else
        {
            var rates = piece.Of(group.Rates);
            weights.addcmul_(weights, rates, -group.LearningRate * group.WeightDecay);
            weights.addcdiv_(first.mul(rates), size, rate);
        }
    }
}
