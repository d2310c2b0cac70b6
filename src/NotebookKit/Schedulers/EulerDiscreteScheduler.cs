using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>
/// Euler's method on the noise levels (Karras et al. 2022, algorithm 2 without its extra noise): each step follows the
/// slope dx/dσ to the next level.
/// </summary>
/// <param name="config">The model's noise schedule.</param>
public sealed class EulerDiscreteScheduler(SchedulerConfig config) : EulerScheduler(config)
{
    /// <inheritdoc/>
    public override Tensor Step(Tensor modelOutput, double timestep, Tensor sample, Tensor? noise = null)
    {
        using var scope = NewDisposeScope();
        var index = Advance(timestep);
        var slope = Slope(modelOutput, sample, Sigmas[index]);
        return (sample + slope * (Sigmas[index + 1] - Sigmas[index])).MoveToOuterDisposeScope();
    }
}
