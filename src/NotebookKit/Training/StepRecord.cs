using NotebookKit.Training.Loss;

namespace NotebookKit.Training;

/// <summary>What one optimizer step measured.</summary>
/// <param name="Step">Counted from 0.</param>
/// <param name="Epoch">Counted from 1; an epoch shows every picture once.</param>
/// <param name="Loss">InstanceLoss + prior loss weight · PriorLoss.</param>
/// <param name="InstanceLoss">Mean squared error of the noise prediction on the subject's pictures.</param>
/// <param name="PriorLoss">The same on the class images; null in a run without them.</param>
/// <param name="LearningRate">The UNet's rate in this step.</param>
/// <param name="GradNorm">L2 norm over all trained parameters, before clipping.</param>
public sealed record StepRecord(int Step, int Epoch, double Loss, double InstanceLoss, double? PriorLoss, double LearningRate,
    double GradNorm)
{
    /// <summary>The text part's rate in this step; null where it is not trained.</summary>
    public double? TextLearningRate { get; init; }

    /// <summary>Whether float16 gradients overflowed, so that the weights were not moved; their norm is then told as 0.</summary>
    public bool Skipped { get; init; }

    /// <summary>Pictures of the subject seen so far, each time one is seen.</summary>
    public int PicturesSeen { get; init; }

    /// <summary>The error by timestep.</summary>
    public BandLosses Bands { get; init; }
}
