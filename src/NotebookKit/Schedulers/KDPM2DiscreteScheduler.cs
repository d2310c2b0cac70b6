namespace NotebookKit.Schedulers;

/// <summary>DPM-Solver-2 (Lu et al. 2022, algorithm 1; k-diffusion's and the web UI's "DPM2"): two predictions a step.</summary>
/// <param name="config">The model's noise schedule.</param>
public sealed class KDPM2DiscreteScheduler(SchedulerConfig config) : MidpointScheduler(config)
{
    /// <inheritdoc/>
    private protected override double FreshNoise(double from, double to) => 0;

    /// <inheritdoc/>
    private protected override double Target(double from, double to) => to;
}
