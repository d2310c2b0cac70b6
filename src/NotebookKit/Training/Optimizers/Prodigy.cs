using static TorchSharp.torch;

namespace NotebookKit.Training.Optimizers;

/// <summary>
/// Prodigy (Mishchenko &amp; Defazio 2023, "Prodigy: An Expeditiously Adaptive Parameter-Free Learner", algorithm 4): AdamW
/// times an estimate d of how far the weights are from their goal, which grows from a millionth as the gradients keep
/// pointing the same way. The learning rate is a factor on top, 1 usually, and carries the schedule.
/// </summary>
/// <param name="groups">What is trained.</param>
/// <param name="beta1">How slowly the average of gradients moves, in [0, 1).</param>
/// <param name="beta2">How slowly the average of their squares moves, in [0, 1); its root is the pace of d's averages.</param>
/// <param name="eps">Added, times d, to the root of the average of squares.</param>
/// <param name="initialDistance">The first d; too small only costs some steps.</param>
/// <param name="biasCorrection">Corrects the averages' first steps as Adam does; the paper's algorithm does not.</param>
public sealed class Prodigy(
    IEnumerable<OptimizerGroup> groups, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double initialDistance = 1e-6,
    bool biasCorrection = false)
    : TrainOptimizer(groups)
{
    private readonly double _beta3 = Math.Sqrt(beta2);
    private readonly double _initialDistance = initialDistance;
    private double _numerator;
    private long _steps;

    /// <summary>The estimate d: the learning rate that AdamW would use is this times the group's rate.</summary>
    public double Distance { get; private set; } = initialDistance;

    /// <inheritdoc/>
    public override Dictionary<string, Tensor> SaveState()
    {
        var saved = base.SaveState();
        saved["d"] = tensor(Distance, ScalarType.Float64);
        saved["d_numerator"] = tensor(_numerator, ScalarType.Float64);
        saved["steps"] = tensor(_steps);
        return saved;
    }

    /// <inheritdoc/>
    public override void LoadState(IReadOnlyDictionary<string, Tensor> saved)
    {
        base.LoadState(saved);
        if (!saved.TryGetValue("d", out var distance) || !saved.TryGetValue("d_numerator", out var numerator)
            || !saved.TryGetValue("steps", out var steps))
            throw new BadInputException("The optimizer's state has no 'd'; it is not Prodigy's.");
        (Distance, _numerator, _steps) = (distance.item<double>(), numerator.item<double>(), steps.item<long>());
    }

    private protected override IReadOnlyList<string> Kept => ["p0", "s", "exp_avg", "exp_avg_sq"];

    private protected override void Update(double factor)
    {
        _steps++;
        var correction = biasCorrection ? Math.Sqrt(1 - Math.Pow(beta2, _steps)) / (1 - Math.Pow(beta1, _steps)) : 1;
        var d = Distance;
        var dots = new List<Tensor>();
        var norms = new List<Tensor>();
        foreach (var (group, state) in Learning)
        {
            state.Step++;
            var pace = d / _initialDistance * d * group.LearningRate * correction;
            var (start, sums) = (state.Get("p0", () => group.Weights.clone()), state.Get("s", () => zeros_like(group.Weights)));
            var (first, second) = (state.Get("exp_avg", () => zeros_like(group.Weights)),
                state.Get("exp_avg_sq", () => zeros_like(group.Weights)));
            ForEachPiece(group, factor, piece =>
            {
                dots.Add((piece.Of(start) - piece.Weights).mul_(piece.Gradient).sum().to(ScalarType.Float64).mul_(pace)
                    .MoveToOuterDisposeScope());
                var s = piece.Of(sums).mul_(_beta3).add_(piece.Gradient, pace);
                norms.Add(s.abs().sum().to(ScalarType.Float64).MoveToOuterDisposeScope());
                piece.Of(first).mul_(beta1).add_(piece.Gradient, d * (1 - beta1));
                piece.Of(second).mul_(beta2).addcmul_(piece.Gradient, piece.Gradient, d * d * (1 - beta2));
            });
        }

        if (norms.Count == 0)
            return;
        _numerator = (_beta3 * _numerator) + stack(dots).sum().item<double>();
        var denominator = stack(norms).sum().item<double>();
        if (denominator == 0)
            return; // no gradient yet, or a rate of 0 during warmup
        Distance = Math.Max(d, _numerator / denominator);

        foreach (var (group, state) in Learning)
        {
            var rate = d * group.LearningRate * correction;
            ForEachPiece(group, factor, piece =>
            {
                piece.Weights.mul_(1 - (rate * group.WeightDecay));
                piece.Weights.addcdiv_(piece.Of(state.Tensors["exp_avg"]),
                    piece.Of(state.Tensors["exp_avg_sq"]).sqrt().add_(Distance * eps), -rate);
            });
        }
    }
}
