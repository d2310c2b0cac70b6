using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>
/// UniPC (Zhao et al. 2023, "UniPC: A Unified Predictor-Corrector Framework"): each new prediction first corrects the step
/// that led to it (UniC), and then a step of the same kind goes on (UniP); no prediction is made twice.
/// </summary>
/// <param name="config">The model's noise schedule, and the solver's order and kind.</param>
public sealed class UniPCMultistepScheduler(SchedulerConfig config) : SolverScheduler(config)
{
    private readonly StepMemory _predictions = new(config.SolverOrder);
    private readonly StepMemory _last = new(1); // the sample that the last step began at
    private int _order;

    /// <inheritdoc/>
    public override Tensor Step(Tensor modelOutput, double timestep, Tensor sample, Tensor? noise = null)
    {
        using var scope = NewDisposeScope();
        var index = Advance(timestep);
        var level = LevelAt(index);
        var prediction = PredictNoise(modelOutput, sample, level);
        if (Config.PredictX0)
        {
            prediction = PredictOriginal(modelOutput, sample, level);
            if (Config.Thresholding)
                prediction = Threshold(prediction);
        }

        if (index > 0 && _last.Count > 0 && !Config.DisableCorrector.Contains(index - 1))
            sample = Update(_last[0], index - 1, _order, prediction);

        _predictions.Add(prediction);
        _order = Math.Min(Config.SolverOrder, _predictions.Count);
        if (Config.LowerOrderFinal || EndsAtZero)
            _order = Math.Min(_order, Timesteps.Length - index);
        _last.Add(sample);
        // Karras spacing ends with a step between equal levels.
        if (Sigmas[index] == Sigmas[index + 1])
            return sample.clone().MoveToOuterDisposeScope();
        return Update(sample, index, _order, null).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    private protected override void Forget()
    {
        _predictions.Clear();
        _last.Clear();
    }

    // The step from one level to the next (algorithms 5 to 8): with the prediction made at its end, the corrector.
    private Tensor Update(Tensor sample, int index, int order, Tensor? atEnd)
    {
        var (here, there) = (LevelAt(index), LevelAt(index + 1));
        var h = there.Lambda - here.Lambda;
        var (kept, scale, z) = Config.PredictX0 ? (there.Sigma / here.Sigma, there.Alpha, -h) : (there.Alpha / here.Alpha, there.Sigma, h);
        var growth = Math.Exp(z) - 1;
        var result = sample * kept - _predictions[0] * (scale * growth);

        // Where the earlier predictions lie, in units of the step; the end is at 1.
        double[] places = [.. Enumerable.Range(1, order - 1).Select(back => (LambdaAt(index - back) - here.Lambda) / h), 1];
        var b = Config.SolverType == "bh1" ? z : growth;
        var weights = Weights(places, z, growth, b, atEnd is not null);
        for (var i = 0; i < order - 1; i++)
            result = result - (_predictions[i + 1] - _predictions[0]) * (scale * b * weights[i] / places[i]);
        return atEnd is null ? result : result - (atEnd - _predictions[0]) * (scale * b * weights[^1]);
    }

    // Theorem 3.1's a: R·a = φ/B(h). Of lowest order the paper sets a to a half instead.
    private static double[] Weights(double[] places, double z, double growth, double b, bool corrects)
    {
        var count = corrects ? places.Length : places.Length - 1;
        if (count <= 1)
            return count == 0 ? [] : [0.5];
        var matrix = new double[count, count];
        var right = new double[count];
        var (phi, factorial) = (growth / z - 1, 1.0);
        for (var i = 0; i < count; i++)
        {
            for (var j = 0; j < count; j++)
                matrix[i, j] = Math.Pow(places[j], i);
            right[i] = phi * factorial / b;
            factorial *= i + 2;
            phi = phi / z - 1 / factorial;
        }

        return Solve(matrix, right);
    }

    // Gauss's elimination; the places differ, so no pivot is 0.
    private static double[] Solve(double[,] matrix, double[] right)
    {
        var count = right.Length;
        for (var i = 0; i < count; i++)
        {
            for (var row = i + 1; row < count; row++)
            {
                var factor = matrix[row, i] / matrix[i, i];
                for (var column = i; column < count; column++)
                    matrix[row, column] -= factor * matrix[i, column];
                right[row] -= factor * right[i];
            }
        }

        for (var i = count - 1; i >= 0; i--)
        {
            for (var column = i + 1; column < count; column++)
                right[i] -= matrix[i, column] * right[column];
            right[i] /= matrix[i, i];
        }

        return right;
    }
}
