using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>
/// What DPM-Solver and UniPC share: multistep solvers of the diffusion's differential equation in λ = log(α/σ), for
/// samples that preserve the variance, down to the noise of timestep 0.
/// </summary>
/// <param name="config">The model's noise schedule and the solver's settings.</param>
public abstract class SolverScheduler(SchedulerConfig config) : SigmaScheduler(config)
{
    /// <summary>Whether the last level is 0, to which only a step of first order leads.</summary>
    private protected bool EndsAtZero => Config.FinalSigmasType == "zero";

    /// <inheritdoc/>
    public override double InitNoiseSigma => 1;

    /// <inheritdoc/>
    public override Tensor ScaleModelInput(Tensor sample, double timestep) => sample;

    /// <inheritdoc/>
    private protected override NoiseLevel LevelOfSigma(double sigma) => NoiseLevel.OfRatio(sigma);

    /// <inheritdoc/>
    private protected override void Plan(int steps)
    {
        var last = LastTimestep();
        double[] timesteps = Config.TimestepSpacing switch
        {
            // One more is spaced and the cleanest left out.
            "leading" => TimestepSpacing.Leading(last, steps + 1, Config.StepsOffset, steps),
            "trailing" => TimestepSpacing.Trailing(last, Config.NumTrainTimesteps, steps),
            _ => [.. TimestepSpacing.LinSpace(last, steps + 1).Select(t => Math.Round(t)).Take(steps)],
        };
        double[] sigmas = Config.UseKarrasSigmas ? Table.Karras(Table.Highest, Table.Lowest, steps)
            : Config.UseLuLambdas ? SigmaTable.LogLinear(Table.Highest, Table.Lowest, steps)
            : [.. timesteps.Select(Table.Interpolate)];
        var respaced = Config.UseKarrasSigmas || Config.UseLuLambdas;
        if (respaced)
            timesteps = [.. sigmas.Select(sigma => Math.Round(Table.TimestepOf(sigma)))];
        Visit(timesteps, [.. sigmas, EndsAtZero ? 0 : respaced ? sigmas[^1] : Table.Lowest]);
    }

    /// <summary>λ at a place in the table of levels.</summary>
    private protected double LambdaAt(int index) => LevelAt(index).Lambda;

    // How many timesteps are left when those of too low a λ are cut off.
    private int LastTimestep() => Config.LambdaMinClipped is { } least
        ? Schedule.AlphasCumprod.Count(alpha => MathF.Log(MathF.Sqrt(alpha)) - MathF.Log(MathF.Sqrt(1 - alpha)) >= (float)least)
        : Config.NumTrainTimesteps;
}
