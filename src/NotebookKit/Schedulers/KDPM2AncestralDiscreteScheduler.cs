
namespace NotebookKit.Schedulers;

/// <summary>DPM-Solver-2 (Lu et al. 2022, algorithm 1) with fresh noise after each step, as in "Euler a" (k-diffusion's and the web UI's
/// "DPM2 a").</summary>
/// <param name="config">The model's noise schedule.</param>
public sealed class KDPM2AncestralDiscreteScheduler(SchedulerConfig config) : MidpointScheduler(config)
{
    /// <summary>True throughout, though only every second draw is used: the reference draws each time.</summary>
    /// <param name="timestep">One of <see cref="Scheduler.Timesteps"/>.</param>
    public override bool DrawsNoise(double timestep) => true;

    /// <inheritdoc/>
    private protected override double FreshNoise(double from, double to) => EulerAncestralDiscreteScheduler.Split(from, to).Up;

    /// <inheritdoc/>
    private protected override double Target(double from, double to) => EulerAncestralDiscreteScheduler.Split(from, to).Down;
}
