using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>
/// DPM-Solver++ (Lu et al. 2022, "DPM-Solver++", arXiv 2211.01095) and DPM-Solver (Lu et al. 2022, arXiv 2206.00927), of
/// first to third order, with or without fresh noise: solves the differential equation with the help of the last one to
/// three predictions; "DPM++ 2M" with two. Good pictures in 15 to 25 steps.
/// </summary>
/// <param name="config">The model's noise schedule, the algorithm and its order.</param>
public sealed class DPMSolverMultistepScheduler(SchedulerConfig config) : SolverScheduler(config)
{
    private readonly StepMemory _predictions = new(config.SolverOrder);

    private bool Stochastic => Config.AlgorithmType.StartsWith("sde-", StringComparison.Ordinal);

    // Whether the solver's variable is the picture ("++") or the noise.
    private bool SolvesForPicture => !Config.AlgorithmType.EndsWith("dpmsolver", StringComparison.Ordinal);

    private bool Heun => Config.SolverType == "heun";

    /// <inheritdoc/>
    public override bool DrawsNoise(double timestep) => Stochastic;

    /// <inheritdoc/>
    public override Tensor Step(Tensor modelOutput, double timestep, Tensor sample, Tensor? noise = null)
    {
        using var scope = NewDisposeScope();
        var index = Advance(timestep);
        _predictions.Add(Convert(modelOutput, sample, LevelAt(index)));
        // Karras spacing ends with a step between equal levels.
        if (Sigmas[index] == Sigmas[index + 1])
            return sample.clone().MoveToOuterDisposeScope();
        var order = OrderAt(index);
        var result = Stochastic ? StochasticStep(sample, Given(noise), index, order) : DeterministicStep(sample, index, order);
        return result.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    private protected override void Forget() => _predictions.Clear();

    private int OrderAt(int index)
    {
        var left = Timesteps.Length - index; // 1 in the last step
        if (left == 1 && (Config.EulerAtFinal || EndsAtZero))
            return 1;
        var order = Math.Min(Config.SolverOrder, _predictions.Count);
        return Config.LowerOrderFinal && Timesteps.Length < 15 ? Math.Min(order, left) : order;
    }

    private Tensor Convert(Tensor modelOutput, Tensor sample, NoiseLevel level)
    {
        if (SolvesForPicture || Config.Thresholding)
        {
            var original = PredictOriginal(modelOutput, sample, level);
            if (Config.Thresholding)
                original = Threshold(original);
            return SolvesForPicture ? original : (sample - original * level.Alpha) / level.Sigma;
        }

        return PredictNoise(modelOutput, sample, level);
    }

    // DPM-Solver++, algorithm 2 and appendix; DPM-Solver, section 3. Solving for the noise is solving for the picture with
    // α and σ changed about and λ turned round.
    private Tensor DeterministicStep(Tensor sample, int index, int order)
    {
        var (here, there) = (LevelAt(index), LevelAt(index + 1));
        var h = there.Lambda - here.Lambda;
        var (kept, scale, z) = SolvesForPicture ? (there.Sigma / here.Sigma, there.Alpha, -h) : (there.Alpha / here.Alpha, there.Sigma, h);
        var growth = Expm1(z);
        var result = sample * kept - _predictions[0] * (scale * growth);
        if (order == 1)
            return result;
        var first = Difference(index, 0, h);
        if (order == 2)
            return result - first * (scale * (Heun ? growth / z - 1 : 0.5 * growth));

        var (r0, r1) = (Ratio(index, 0, h), Ratio(index, 1, h));
        var bend = first - Difference(index, 1, h);
        return result - (first + bend * (r0 / (r0 + r1))) * (scale * (growth / z - 1))
            - bend * (scale * ((growth - z) / (z * z) - 0.5) / (r0 + r1));
    }

    // DPM-Solver++, section 3.4, and its counterpart for the noise: first or second order.
    private Tensor StochasticStep(Tensor sample, Tensor noise, int index, int order)
    {
        var (here, there) = (LevelAt(index), LevelAt(index + 1));
        var h = there.Lambda - here.Lambda;
        double kept, scale, half, heun, fresh;
        if (SolvesForPicture)
        {
            var gone = -Expm1(-2 * h);
            (kept, scale, fresh) = (there.Sigma / here.Sigma * Math.Exp(-h), there.Alpha * gone, there.Sigma * Math.Sqrt(gone));
            (half, heun) = (0.5 * scale, there.Alpha * (1 - gone / (2 * h)));
        }
        else
        {
            var growth = Expm1(h);
            (kept, scale, fresh) = (there.Alpha / here.Alpha, -2 * there.Sigma * growth, there.Sigma * Math.Sqrt(Expm1(2 * h)));
            (half, heun) = (0.5 * scale, -2 * there.Sigma * (growth / h - 1));
        }

        var result = sample * kept + _predictions[0] * scale + noise * fresh;
        return order == 1 ? result : result + Difference(index, 0, h) * (Heun ? heun : half);
    }

    // The slope between two neighbouring predictions, in units of the step h.
    private Tensor Difference(int index, int back, double h) => (_predictions[back] - _predictions[back + 1]) / Ratio(index, back, h);

    private double Ratio(int index, int back, double h) => (LambdaAt(index - back) - LambdaAt(index - back - 1)) / h;

    private static double Expm1(double x) => Math.Abs(x) < 1e-5 ? x + x * x / 2 : Math.Exp(x) - 1;
}
