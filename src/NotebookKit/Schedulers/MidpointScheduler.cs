using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>
/// What the two DPM-Solver-2 samplers share: a step to a level between this one and the target, in the middle of both
/// logarithms, and then the whole step with the slope found there. Two predictions a step.
/// </summary>
/// <param name="config">The model's noise schedule.</param>
public abstract class MidpointScheduler(SchedulerConfig config) : SigmaScheduler(config)
{
    private readonly StepMemory _start = new(1);
    private double[] _between = []; // the level in the middle of each step; 0 in the last, which is Euler's
    private double[] _targets = []; // where each step goes before fresh noise is added

    /// <inheritdoc/>
    public override Tensor Step(Tensor modelOutput, double timestep, Tensor sample, Tensor? noise = null)
    {
        using var scope = NewDisposeScope();
        var index = Advance(timestep);
        var step = index / 2;
        var slope = Slope(modelOutput, sample, LevelAt(index).Sigma);
        if (index % 2 == 0)
        {
            _start.Add(sample);
            return (sample + slope * (_between[step] - Sigmas[index])).MoveToOuterDisposeScope();
        }

        var result = _start[0] + slope * (_targets[step] - Sigmas[index - 1]);
        var up = FreshNoise(Sigmas[index - 1], Sigmas[index]);
        if (up > 0)
            result = result + Given(noise) * up;
        Forget();
        return result.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    internal override int IndexOfStep(int step) => 2 * step;

    /// <inheritdoc/>
    internal override NoiseLevel LevelAt(int index) => new(1, index % 2 == 0 ? Sigmas[index] : _between[index / 2]);

    /// <summary>How much fresh noise a step between two levels ends with.</summary>
    private protected abstract double FreshNoise(double from, double to);

    /// <summary>Where a step between two levels goes before that.</summary>
    private protected abstract double Target(double from, double to);

    /// <inheritdoc/>
    private protected override double BetweenTimesteps(double sigma) => Math.Round(Table.TimestepOf(sigma));

    // t₀, t½, t₁, t1½, …
    /// <inheritdoc/>
    private protected override void Arrange(double[] timesteps, double[] sigmas)
    {
        var steps = timesteps.Length;
        var levels = sigmas.Select(sigma => (double)(float)sigma).ToArray();
        _targets = [.. Enumerable.Range(0, steps).Select(i => Target(levels[i], levels[i + 1]))];
        _between = [.. Enumerable.Range(0, steps).Select(i => _targets[i] > 0 ? Math.Sqrt(levels[i] * _targets[i]) : 0)];
        var visited = timesteps.SelectMany((t, i) => i == steps - 1 ? new[] { t } : [t, (float)Table.TimestepOf(_between[i])]);
        Visit([.. visited], [sigmas[0], .. sigmas[1..].SelectMany(sigma => new[] { sigma, sigma }), sigmas[^1]]);
    }

    /// <inheritdoc/>
    private protected override void Forget() => _start.Clear();
}
