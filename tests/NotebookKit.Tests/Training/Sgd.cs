using NotebookKit.Training.Optimizers;

namespace NotebookKit.Tests.Training;

/// <summary>w ← w − rate · g and nothing else: Adam would magnify the last bits of gradients that are nearly zero.</summary>
internal sealed class Sgd(IEnumerable<TorchSharp.Modules.Parameter> parameters,
    double rate) : TrainOptimizer([new OptimizerGroup(parameters, rate, 0)])
{
    private protected override IReadOnlyList<string> Kept => [];

    private protected override void Update(double factor)
    {
        foreach (var (group, _) in Learning)
            ForEachPiece(group, factor, piece => piece.Weights.add_(piece.Gradient, -group.LearningRate));
    }
}
