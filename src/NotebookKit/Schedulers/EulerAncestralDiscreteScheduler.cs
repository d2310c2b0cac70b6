using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>
/// Euler steps that go below the next noise level and come back up to it with fresh noise ("Euler a", k-diffusion).
/// The picture keeps changing with the number of steps.
/// </summary>
/// <param name="config">The model's noise schedule.</param>
public sealed class EulerAncestralDiscreteScheduler(SchedulerConfig config) : EulerScheduler(config)
{
    /// <inheritdoc/>
    public override bool DrawsNoise(double timestep) => true;

    /// <inheritdoc/>
    public override Tensor Step(Tensor modelOutput, double timestep, Tensor sample, Tensor? noise = null)
    {
        ArgumentNullException.ThrowIfNull(noise);
        using var scope = NewDisposeScope();
        var index = Advance(timestep);
        var (from, to) = (Sigmas[index], Sigmas[index + 1]);
        var up = Math.Sqrt(to * to * (from * from - to * to) / (from * from));
        var down = Math.Sqrt(to * to - up * up);
        return (sample + Slope(modelOutput, sample, from) * (down - from) + noise * up).MoveToOuterDisposeScope();
    }
}
