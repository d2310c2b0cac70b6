using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>
/// Heun's method on the noise levels (Karras et al. 2022, algorithm 1): an Euler step to the next level, and then the
/// same step again with the mean of the slopes at both ends. Two predictions a step.
/// </summary>
/// <param name="config">The model's noise schedule.</param>
public sealed class HeunDiscreteScheduler(SchedulerConfig config) : SigmaScheduler(config)
{
    private readonly StepMemory _start = new(1);
    private readonly StepMemory _slope = new(1);

    /// <inheritdoc/>
    public override Tensor Step(Tensor modelOutput, double timestep, Tensor sample, Tensor? noise = null)
    {
        using var scope = NewDisposeScope();
        var index = Advance(timestep);
        var original = PredictOriginal(modelOutput, sample, LevelAt(index));
        if (Config.ClipSample)
            original = original.clamp(-Config.ClipSampleRange, Config.ClipSampleRange);
        var here = (sample - original) / Sigmas[index];
        if (index % 2 == 0)
        {
            _start.Add(sample);
            _slope.Add(here);
            return (sample + here * (Sigmas[index + 1] - Sigmas[index])).MoveToOuterDisposeScope();
        }

        var result = _start[0] + (_slope[0] + here) * ((Sigmas[index] - Sigmas[index - 1]) / 2);
        Forget();
        return result.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    internal override int IndexOfStep(int step) => 2 * step;

    // t₀, t₁, t₁, t₂, t₂, …: each level but the first and the last is looked at from both sides.
    /// <inheritdoc/>
    private protected override void Arrange(double[] timesteps, double[] sigmas) => Visit(
        [timesteps[0], .. timesteps[1..].SelectMany(t => new[] { t, t })],
        [sigmas[0], .. sigmas[1..^1].SelectMany(sigma => new[] { sigma, sigma }), sigmas[^1]]);

    /// <inheritdoc/>
    private protected override void Forget()
    {
        _start.Clear();
        _slope.Clear();
    }
}
