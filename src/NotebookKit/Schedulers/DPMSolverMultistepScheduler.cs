using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>
/// DPM-Solver++ (Lu et al. 2022): solves the diffusion's differential equation in λ = log(α/σ) with the help of the
/// last one to three predictions; "DPM++ 2M" with two. Good pictures in 15 to 25 steps.
/// </summary>
/// <param name="config">The model's noise schedule and the solver's order.</param>
public sealed class DPMSolverMultistepScheduler(SchedulerConfig config) : SigmaScheduler(config)
{
    // The clean pictures predicted by the last steps, newest first, with the place of each.
    private readonly LinkedList<(Tensor Original, int Index)> history = new();

    private bool Stochastic => Config.AlgorithmType == "sde-dpmsolver++";

    /// <inheritdoc/>
    public override void SetTimesteps(int steps)
    {
        CheckSteps(steps);
        Forget();
        var trainSteps = Config.NumTrainTimesteps;
        double[] timesteps = Config.TimestepSpacing switch
        {
            // One more is spaced and the cleanest left out.
            "leading" => TimestepSpacing.Leading(trainSteps, steps + 1, Config.StepsOffset, steps),
            "trailing" => TimestepSpacing.Trailing(trainSteps, steps),
            _ => [.. TimestepSpacing.LinSpace(trainSteps, steps + 1).Select(t => Math.Round(t)).Take(steps)],
        };
        if (Config.UseKarrasSigmas)
        {
            var sigmas = KarrasSigmas(TrainingSigmas[^1], TrainingSigmas[0], steps);
            Visit([.. sigmas.Select(sigma => Math.Round(TimestepOf(sigma)))], [.. sigmas, sigmas[^1]]);
            return;
        }

        Visit(timesteps, [.. timesteps.Select(Interpolate), TrainingSigmas[0]]);
    }

    /// <inheritdoc/>
    internal override NoiseLevel LevelAt(int index) => NoiseLevel.OfRatio(Sigmas[index]);

    /// <inheritdoc/>
    public override bool DrawsNoise(double timestep) => Stochastic;

    /// <inheritdoc/>
    public override Tensor Step(Tensor modelOutput, double timestep, Tensor sample, Tensor? noise = null)
    {
        using var scope = NewDisposeScope();
        var index = Advance(timestep);
        var here = LevelAt(index);
        Remember(PredictOriginal(modelOutput, sample, here), index);

        var order = Math.Min(Config.SolverOrder, history.Count);
        var left = Timesteps.Length - index; // 1 in the last step
        if (left == 1 && Config.EulerAtFinal)
            order = 1;
        if (Config.LowerOrderFinal && Timesteps.Length < 15)
            order = Math.Min(order, left);

        var there = NoiseLevel.OfRatio(Sigmas[index + 1]);
        var h = there.Lambda - here.Lambda;
        var result = Stochastic
            ? StochasticStep(sample, noise ?? throw new ArgumentNullException(nameof(noise), "The SDE solver draws noise at every step."), here, there, h, order)
            : DeterministicStep(sample, here, there, h, order);
        return result.MoveToOuterDisposeScope();
    }

    /// <summary>Noises pictures at the sampler's own levels: α·x + σ·ε.</summary>
    /// <param name="original">(B, C, h, w).</param>
    /// <param name="noise">(B, C, h, w).</param>
    /// <param name="timesteps">(B), each one of <see cref="Scheduler.Timesteps"/>.</param>
    /// <returns>(B, C, h, w).</returns>
    public override Tensor AddNoise(Tensor original, Tensor noise, Tensor timesteps)
    {
        using var scope = NewDisposeScope();
        var ratio = SigmasAt(timesteps, original); // σ/α
        return ((original + noise * ratio) / (ratio * ratio + 1).sqrt()).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    private protected override void Forget()
    {
        foreach (var (original, _) in history)
            original.Dispose();
        history.Clear();
    }

    // Lu et al. 2022, equations 4.1 to 4.3 and appendix B; shrink is e^-h - 1.
    private Tensor DeterministicStep(Tensor sample, NoiseLevel here, NoiseLevel there, double h, int order)
    {
        var shrink = Math.Exp(-h) - 1;
        var result = sample * (there.Sigma / here.Sigma) - Newest * (there.Alpha * shrink);
        if (order == 1)
            return result;
        var first = Difference(0, h);
        if (order == 2)
        {
            return Config.SolverType == "heun"
                ? result + first * (there.Alpha * (shrink / h + 1))
                : result - first * (0.5 * there.Alpha * shrink);
        }

        var (r0, r1) = (Ratio(0, h), Ratio(1, h));
        var bend = first - Difference(1, h);
        return result + (first + bend * (r0 / (r0 + r1))) * (there.Alpha * (shrink / h + 1))
            - bend * (there.Alpha * ((shrink + h) / (h * h) - 0.5) / (r0 + r1));
    }

    // Lu et al. 2022, section 3.4 ("SDE-DPM-Solver++"): first or second order.
    private Tensor StochasticStep(Tensor sample, Tensor noise, NoiseLevel here, NoiseLevel there, double h, int order)
    {
        var fresh = 1 - Math.Exp(-2 * h);
        var result = sample * (there.Sigma / here.Sigma * Math.Exp(-h)) + Newest * (there.Alpha * fresh) + noise * (there.Sigma * Math.Sqrt(fresh));
        if (order == 1)
            return result;
        var weight = Config.SolverType == "heun" ? fresh / (-2 * h) + 1 : 0.5 * fresh;
        return result + Difference(0, h) * (there.Alpha * weight);
    }

    private Tensor Newest => history.First!.Value.Original;

    // The slope between two neighbouring predictions, in units of the step h.
    private Tensor Difference(int back, double h) =>
        (history.ElementAt(back).Original - history.ElementAt(back + 1).Original) / Ratio(back, h);

    private double Ratio(int back, double h) =>
        (NoiseLevel.OfRatio(Sigmas[history.ElementAt(back).Index]).Lambda - NoiseLevel.OfRatio(Sigmas[history.ElementAt(back + 1).Index]).Lambda) / h;

    private void Remember(Tensor original, int index)
    {
        // detach: a handle of its own, for the caller may dispose the model's output.
        history.AddFirst((original.detach().DetachFromDisposeScope(), index));
        if (history.Count > Config.SolverOrder)
        {
            history.Last!.Value.Original.Dispose();
            history.RemoveLast();
        }
    }
}
