using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>
/// Pseudo numerical methods for diffusion models (Liu et al. 2022): the step is DDIM's, the noise it takes is a linear
/// multistep of the last four predictions. Stable Diffusion's own sampler, "PLMS", begins with one prediction made twice;
/// the paper begins with three steps of Runge-Kutta, four predictions each.
/// </summary>
/// <param name="config">The model's noise schedule, and whether the Runge-Kutta steps are left out.</param>
public sealed class PNDMScheduler(SchedulerConfig config) : Scheduler(config)
{
    private const int RungeKuttaSteps = 3;

    private readonly StepMemory _predictions = new(4);
    private readonly StepMemory _start = new(1); // the sample that a step begins at
    private readonly StepMemory _sum = new(1); // of a Runge-Kutta step's predictions
    private int _rungeKuttaLength;

    /// <inheritdoc/>
    public override Tensor Step(Tensor modelOutput, double timestep, Tensor sample, Tensor? noise = null)
    {
        using var scope = NewDisposeScope();
        var result = StepIndex < _rungeKuttaLength ? RungeKutta(modelOutput, timestep, sample)
            : LinearMultistep(modelOutput, timestep, sample);
        StepIndex++;
        return result.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    internal override int IndexOfStep(int step) => step == 0 ? 0
        : Config.SkipPrkSteps ? step + 1 // the second timestep is visited twice
        : step < RungeKuttaSteps ? 4 * step : _rungeKuttaLength + step - RungeKuttaSteps;

    /// <inheritdoc/>
    private protected override void Plan(int steps)
    {
        var whole = TimestepSpacing.Whole(Config, steps);
        if (Config.SkipPrkSteps)
        {
            _rungeKuttaLength = 0;
            VisitWhole(steps == 1 ? whole : [whole[0], whole[1], .. whole[1..]]);
            return;
        }

        if (steps <= RungeKuttaSteps)
            throw new BadInputException($"PNDM with skip_prk_steps = false cannot sample in {steps} steps; take at least "
                + $"{RungeKuttaSteps + 1}, or set skip_prk_steps to true.");
        // Each step evaluates at its timestep, twice half-way, and at the next one.
        var halves = whole[..(RungeKuttaSteps + 1)].SelectMany(t => new[] { t + Stride / 2, t }).Skip(1).ToArray();
        double[] visited = [.. halves.SelectMany(t => new[] { t, t }).Skip(1).SkipLast(1)];
        _rungeKuttaLength = visited.Length;
        VisitWhole([.. visited, .. whole[RungeKuttaSteps..]]);
    }

    /// <inheritdoc/>
    private protected override void Forget()
    {
        _predictions.Clear();
        _start.Clear();
        _sum.Clear();
    }

    // Equation 13 of the paper: the classical weights 1/6, 1/3, 1/3, 1/6.
    private Tensor RungeKutta(Tensor modelOutput, double timestep, Tensor sample)
    {
        var stage = StepIndex % 4;
        if (stage == 0)
        {
            _predictions.Add(modelOutput);
            _start.Add(sample);
            _sum.Clear();
        }

        var weighted = modelOutput * (stage is 0 or 3 ? 1 / 6.0 : 1 / 3.0);
        _sum.Add(_sum.Count > 0 ? _sum[0] + weighted : weighted);
        var from = Timesteps[StepIndex - stage];
        var to = timestep - (stage % 2 == 0 ? Stride / 2 : 0);
        return Move(_start.Count > 0 ? _start[0] : sample, from, to, stage == 3 ? _sum[0] : modelOutput);
    }

    // Equation 12: Adams-Bashforth of order 2, 3 and 4.
    private Tensor LinearMultistep(Tensor modelOutput, double timestep, Tensor sample)
    {
        var again = Config.SkipPrkSteps && StepIndex == 1 && _start.Count > 0;
        if (again)
            return Move(_start[0], timestep + Stride, timestep, (modelOutput + _predictions[0]) / 2);
        if (StepIndex == 0)
            _start.Add(sample);
        _predictions.Add(modelOutput);
        var noise = _predictions.Count switch
        {
            1 => modelOutput,
            2 => (_predictions[0] * 3 - _predictions[1]) / 2,
            3 => (_predictions[0] * 23 - _predictions[1] * 16 + _predictions[2] * 5) / 12,
            _ => (_predictions[0] * 55 - _predictions[1] * 59 + _predictions[2] * 37 - _predictions[3] * 9) / 24,
        };
        return Move(sample, timestep, timestep - Stride, noise);
    }

    // Equation 9 (DDIM's step), from one timestep to another.
    private Tensor Move(Tensor sample, double from, double to, Tensor modelOutput)
    {
        var alpha = AlphaBar(from);
        var alphaNext = to >= 0 ? AlphaBar(to) : Config.SetAlphaToOne ? 1 : AlphaBar(0);
        var noise = PredictNoise(modelOutput, sample, LevelOf(alpha));
        var weight = (alphaNext - alpha) / (alpha * Math.Sqrt(1 - alphaNext) + Math.Sqrt(alpha * (1 - alpha) * alphaNext));
        return sample * Math.Sqrt(alphaNext / alpha) - noise * weight;
    }
}
