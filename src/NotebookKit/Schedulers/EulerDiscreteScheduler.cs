using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>
/// Euler's method on the noise levels (Karras et al. 2022, algorithm 2 without its second order): each step follows the
/// slope dx/dσ to the next level.
/// </summary>
/// <param name="config">The model's noise schedule.</param>
public sealed class EulerDiscreteScheduler(SchedulerConfig config) : SigmaScheduler(config)
{
    /// <summary>How much noise is added before the steps (S_churn of algorithm 2); 0 for none.</summary>
    public double SChurn { get; set; }

    /// <summary>The lowest level at which it is added.</summary>
    public double STMin { get; set; }

    /// <summary>The highest level at which it is added.</summary>
    public double STMax { get; set; } = double.PositiveInfinity;

    /// <summary>The spread of that noise.</summary>
    public double SNoise { get; set; } = 1;

    /// <inheritdoc/>
    public override bool DrawsNoise(double timestep) => SChurn > 0;

    /// <inheritdoc/>
    public override Tensor Step(Tensor modelOutput, double timestep, Tensor sample, Tensor? noise = null)
    {
        using var scope = NewDisposeScope();
        var index = Advance(timestep);
        var sigma = Sigmas[index];
        var churn = SChurn > 0 && sigma >= STMin && sigma <= STMax ? Math.Min(SChurn / (Sigmas.Length - 1), Math.Sqrt(2) - 1) : 0;
        var raised = sigma * (churn + 1);
        var from = churn > 0 ? sample + Given(noise) * (SNoise * Math.Sqrt(raised * raised - sigma * sigma)) : sample;
        // v is what the model said at the level it was shown; ε is taken for that of the raised one.
        var original = PredictOriginal(modelOutput, from, new NoiseLevel(1, Config.PredictionType == "epsilon" ? raised : sigma));
        return (from + (from - original) * ((Sigmas[index + 1] - raised) / raised)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    private protected override double[] Levels(double[] timesteps) => Config.InterpolationType == "log_linear"
        ? SigmaTable.LogLinear(Table.Highest, Table.Lowest, timesteps.Length + 1)
        : base.Levels(timesteps);

    /// <inheritdoc/>
    private protected override double BetweenTimesteps(double sigma) => (float)Table.TimestepOf(sigma);

    /// <inheritdoc/>
    private protected override void Arrange(double[] timesteps, double[] sigmas)
    {
        // Karras et al. 2022, table 1: the model of a continuous schedule is told ¼·log σ.
        var continuous = Config.TimestepType == "continuous" && Config.PredictionType == "v_prediction";
        Visit(continuous ? [.. sigmas[..^1].Select(sigma => (double)(0.25f * MathF.Log((float)sigma)))] : timesteps, sigmas);
    }
}
