using System.Globalization;

namespace NotebookKit.Training;

/// <summary>
/// The learning rate over a run, counted in optimizer steps. The curves are those of diffusers' <c>get_scheduler</c>.
/// </summary>
/// <param name="Name">One of <see cref="Names"/>.</param>
/// <param name="LearningRate">The rate after warmup.</param>
/// <param name="Warmup">Steps over which the rate climbs from 0; <c>constant</c> and <c>piecewise_constant</c> have none.</param>
/// <param name="Total">Optimizer steps of the whole run.</param>
public sealed record LrSchedule(string Name, double LearningRate, int Warmup, int Total)
{
    // Where polynomial ends, as in diffusers.
    private const double PolynomialEnd = 1e-7;

    /// <summary>Every schedule's name.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["constant", "constant_with_warmup", "linear", "cosine", "cosine_with_restarts", "polynomial", "piecewise_constant"];

    /// <summary>Restarts of <c>cosine_with_restarts</c>.</summary>
    public int Cycles { get; init; } = 1;

    /// <summary>The exponent of <c>polynomial</c>; 1 is a straight line.</summary>
    public double Power { get; init; } = 1;

    /// <summary>For <c>piecewise_constant</c>: "factor:until step, …, last factor", such as "1:100,0.1:200,0.01".</summary>
    public string StepRules { get; init; } = "1";

    /// <summary>The rate that optimizer step <paramref name="step"/> (from 0) uses.</summary>
    /// <exception cref="BadInputException">The name is none of <see cref="Names"/>.</exception>
    public double At(int step) => LearningRate * FactorAt(step);

    /// <summary>The share of the base rate at a step, for parameters with rates of their own.</summary>
    public double FactorAt(int step)
    {
        if (step < Warmup && Name is not ("constant" or "piecewise_constant"))
            return step / (double)Math.Max(1, Warmup);
        var progress = (step - Warmup) / (double)Math.Max(1, Total - Warmup); // 0 … 1 after the warmup
        return Name switch
        {
            "constant" or "constant_with_warmup" => 1,
            "linear" => Math.Max(0, (Total - step) / (double)Math.Max(1, Total - Warmup)),
            "cosine" => Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * 0.5 * 2 * progress))),
            "cosine_with_restarts" => progress >= 1 ? 0 : Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * (Cycles * progress % 1)))),
            "polynomial" => Polynomial(step),
            "piecewise_constant" => Piecewise(step),
            _ => throw new BadInputException($"There is no learning-rate schedule '{Name}'; choose one of {string.Join(", ", Names)}."),
        };
    }

    /// <summary>What about the schedule will surprise, as one sentence each; empty when nothing will.</summary>
    public IReadOnlyList<string> Warnings() =>
        Warmup > 0 && Warmup >= Total && Name is not ("constant" or "piecewise_constant")
            ? [$"The warmup takes {Warmup} steps but the run has only {Total}, so the learning rate never gets beyond {LearningRate * (Total - 1) / Warmup:0.##e-0} of {LearningRate:0.##e-0}; shorten the warmup to about {Math.Max(1, Total / 10)}."]
            : [];

    private double Polynomial(int step)
    {
        if (step > Total)
            return PolynomialEnd / LearningRate;
        var remaining = 1 - ((step - Warmup) / (double)(Total - Warmup));
        return (((LearningRate - PolynomialEnd) * Math.Pow(remaining, Power)) + PolynomialEnd) / LearningRate;
    }

    private double Piecewise(int step)
    {
        var rules = StepRules.Split(',');
        foreach (var rule in rules[..^1])
        {
            var parts = rule.Split(':');
            if (step < int.Parse(parts[1], CultureInfo.InvariantCulture))
                return double.Parse(parts[0], CultureInfo.InvariantCulture);
        }

        return double.Parse(rules[^1], CultureInfo.InvariantCulture);
    }
}
