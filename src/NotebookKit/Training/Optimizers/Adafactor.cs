using static TorchSharp.torch;

namespace NotebookKit.Training.Optimizers;

/// <summary>
/// Adafactor (Shazeer &amp; Stern 2018, algorithms 4 to 6): of the squared gradients of a matrix only the averages of its
/// rows and columns are kept, whose outer product stands in for the matrix. A convolution counts as the matrix
/// (out, in·k·k); vectors keep all their squares.
/// </summary>
/// <param name="groups">What is trained. The learning rate is the relative step size where <paramref name="scaleParameter"/> is
/// set.</param>
/// <param name="scaleParameter">Steps in proportion to the size of the weights: rate · max(10⁻³, RMS(X)).</param>
/// <param name="clipThreshold">An update whose root mean square is larger is scaled down to it (d in the paper).</param>
/// <param name="decayRate">The average of squares at step t keeps 1 − t^decayRate of itself.</param>
/// <param name="eps">Added to squared gradients.</param>
public sealed class Adafactor(
    IEnumerable<OptimizerGroup> groups, bool scaleParameter = false, double clipThreshold = 1, double decayRate = -0.8, double eps = 1e-30)
    : TrainOptimizer(groups)
{
    // The least size that a weight is taken to have when steps are in proportion to it: the paper's second epsilon.
    private const double SmallestScale = 1e-3;

    private protected override IReadOnlyList<string> Kept => ["exp_avg_sq", "exp_avg_sq_row", "exp_avg_sq_col"];

    private protected override void Update(double factor)
    {
        foreach (var (group, state) in Learning)
        {
            var decay = 1 - Math.Pow(++state.Step, decayRate);
            var index = 0;
            foreach (var (weights, gradient) in group.Views(group.Weights).Zip(group.Views(group.Gradient)))
            {
                using var scope = NewDisposeScope();
                Move(weights, Scaled(gradient, factor), state, $".{index++}", decay, group);
            }
        }
    }

    private void Move(Tensor weights, Tensor gradient, GroupState state, string of, double decay, OptimizerGroup group)
    {
        var squares = gradient.square().add_(eps);
        Tensor update;
        if (gradient.dim() >= 2)
        {
            var matrix = squares.flatten(1);                                                                // (n, m)
            var rows = state.Get("exp_avg_sq_row" + of, () => zeros_like(matrix.mean([1])));                // (n)
            var columns = state.Get("exp_avg_sq_col" + of, () => zeros_like(matrix.mean([0])));             // (m)
            rows.mul_(decay).add_(matrix.mean([1]), 1 - decay);
            columns.mul_(decay).add_(matrix.mean([0]), 1 - decay);
            var rowFactor = (rows / rows.mean()).rsqrt_().unsqueeze(1);                                     // (n, 1)
            update = gradient.flatten(1).mul(rowFactor).mul_(columns.rsqrt().unsqueeze(0)).view(gradient.shape);
        }
        else
        {
            var average = state.Get("exp_avg_sq" + of, () => zeros_like(gradient));
            average.mul_(decay).add_(squares, 1 - decay);
            update = gradient * average.rsqrt();
        }

        update.div_((RootMeanSquare(update) / clipThreshold).clamp_(min: 1));
        var rate = group.LearningRate;
        if (scaleParameter)
            update.mul_(RootMeanSquare(weights).clamp_(min: SmallestScale));
        weights.mul_(1 - (rate * group.WeightDecay)).add_(update, -rate);
    }

    private static Tensor RootMeanSquare(Tensor values) => values.square().mean().sqrt_();
}
