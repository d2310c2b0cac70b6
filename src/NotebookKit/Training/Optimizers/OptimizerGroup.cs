using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Training.Optimizers;

/// <summary>Parameters that share a learning rate and a weight decay.</summary>
public sealed class OptimizerGroup : optim.ILearningRateController
{
    /// <summary>Makes a group.</summary>
    /// <param name="parameters">What is trained.</param>
    /// <param name="learningRate">How far a step goes.</param>
    /// <param name="weightDecay">What part of a weight, times the learning rate, a step takes away.</param>
    public OptimizerGroup(IEnumerable<Parameter> parameters, double learningRate, double weightDecay = 0.01)
    {
        Parameters = [.. parameters];
        LearningRate = InitialLearningRate = learningRate;
        WeightDecay = weightDecay;
    }

    /// <summary>What is trained.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <inheritdoc/>
    public double LearningRate { get; set; }

    /// <inheritdoc/>
    public double InitialLearningRate { get; set; }

    /// <summary>What part of a weight, times the learning rate, a step takes away.</summary>
    public double WeightDecay { get; }
}
