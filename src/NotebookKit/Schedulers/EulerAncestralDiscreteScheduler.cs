using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>
/// Euler steps that go below the next noise level and come back up to it with fresh noise ("Euler a", k-diffusion; the
/// posterior of Song et al. 2020, equation 16, with η = 1). The picture keeps changing with the number of steps.
/// </summary>
/// <param name="config">The model's noise schedule.</param>
public sealed class EulerAncestralDiscreteScheduler(SchedulerConfig config) : SigmaScheduler(config)
{
    /// <inheritdoc/>
    public override bool DrawsNoise(double timestep) => true;

    /// <inheritdoc/>
    public override Tensor Step(Tensor modelOutput, double timestep, Tensor sample, Tensor? noise = null)
    {
        using var scope = NewDisposeScope();
        var index = Advance(timestep);
        var (up, down) = Split(Sigmas[index], Sigmas[index + 1]);
        var slope = Slope(modelOutput, sample, Sigmas[index]);
        return (sample + slope * (down - Sigmas[index]) + Given(noise) * up).MoveToOuterDisposeScope();
    }

    /// <summary>How much fresh noise a step from one level to another adds, and how far down it goes before: up² + down² = to². In float32,
    /// as the reference has it: after a long step little is left of the difference.</summary>
    internal static (double Up, double Down) Split(double from, double to)
    {
        var (squaredFrom, squaredTo) = ((float)from * (float)from, (float)to * (float)to);
        var up = MathF.Sqrt(squaredTo * (squaredFrom - squaredTo) / squaredFrom);
        return (up, MathF.Sqrt(squaredTo - up * up));
    }

    /// <inheritdoc/>
    private protected override double BetweenTimesteps(double sigma) => (float)Table.TimestepOf(sigma);
}
