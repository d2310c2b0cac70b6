using System.Globalization;
using NotebookKit.Charts;
using Plotly.NET.CSharp;
using GenericChart = Plotly.NET.GenericChart;
using StyleParam = Plotly.NET.StyleParam;

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
    /// <summary>Every schedule's name.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["constant", "constant_with_warmup", "linear", "cosine", "cosine_with_restarts", "polynomial", "piecewise_constant"];

    /// <summary>Restarts of <c>cosine_with_restarts</c>.</summary>
    public int Cycles { get; init; } = 1;

    /// <summary>The exponent of <c>polynomial</c>; 1 is a straight line.</summary>
    public double Power { get; init; } = 1;

    /// <summary>Where <c>polynomial</c> ends; below the learning rate.</summary>
    public double End { get; init; } = 1e-7;

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
            _ => throw new BadInputException(Unknown(Name)),
        };
    }

    /// <summary>The rates of the whole run, one for each optimizer step.</summary>
    public IReadOnlyList<double> Rates() => [.. Enumerable.Range(0, Math.Max(0, Total)).Select(At)];

    /// <summary>Whether the numbers make a schedule; a run checks before it loads anything.</summary>
    /// <exception cref="BadInputException">The first that does not, with its remedy.</exception>
    public void Validate()
    {
        Require(Names.Contains(Name), Unknown(Name));
        Require(double.IsFinite(LearningRate) && LearningRate > 0, $"The learning rate must be above 0, not {LearningRate}; 1e-4 is usual "
            + "for LoRA, 2e-6 for a full fine-tune of Stable Diffusion.");
        Require(Warmup >= 0, $"The warmup must be 0 or more optimizer steps, not {Warmup}.");
        Require(Total >= 1, $"A run has at least 1 optimizer step, not {Total}.");
        Require(Cycles >= 1, $"cosine_with_restarts goes through at least 1 cycle, not {Cycles}.");
        Require(double.IsFinite(Power) && Power > 0, $"The polynomial's power must be above 0, not {Power}; 1 is a straight line.");
        Require(Name != "polynomial" || (End >= 0 && End < LearningRate),
            $"polynomial ends at {Short(End)}, which must be below the learning rate {Short(LearningRate)}.");
        foreach (var rule in Name == "piecewise_constant" ? Rules() : [])
            Require(double.IsFinite(rule.Factor) && rule.Factor >= 0, RulesSentence);
    }

    /// <summary>The curve of the whole run, drawn before anything is trained.</summary>
    public GenericChart Draw() => Draw([this]);

    /// <summary>Several schedules in one chart, each under its name.</summary>
    /// <param name="schedules">What to compare.</param>
    public static GenericChart Draw(IEnumerable<LrSchedule> schedules)
    {
        return Chart.Combine([.. schedules.Select(s =>
            Chart.Line<int, double, string>(Enumerable.Range(0, s.Rates().Count), s.Rates(), Name: s.Name))])
            .WithTitles("Learning rate", "optimizer step", "learning rate")
            .WithLegendStyle(Orientation: StyleParam.Orientation.Vertical, X: 1.02, Y: 1,
                YAnchor: StyleParam.YAnchorPosition.Top); // all seven names have room there
    }

    /// <summary>The sentence about a name that no schedule has, with the names nearest to it.</summary>
    public static string Unknown(string name) => $"There is no learning-rate schedule '{name}'; {NearestName.Hint(name, Names)}";

    /// <summary>What about the schedule will surprise, as one sentence each; empty when nothing will.</summary>
    public IReadOnlyList<string> Warnings()
    {
        if (Name == "cosine_with_restarts" && Cycles > 1 && Cycles > (Total - Warmup) / 2)
            return [.. WarmupWarnings(),
                $"{Cycles} restarts are more than the {Math.Max(0, Total - Warmup)} steps after the warmup have room "
                + $"for: a cycle needs at least 2 steps; set --cycles {Math.Max(1, (Total - Warmup) / 2)} or less."];
        return WarmupWarnings();
    }

    private IReadOnlyList<string> WarmupWarnings()
    {
        var warmsUp = Name is not ("constant" or "piecewise_constant");
        if (Warmup == 0)
            return [];
        if (!warmsUp)
            return [$"{Name} knows no warmup, so the {Warmup} warmup steps have no effect; "
                + $"{(Name == "constant" ? "take constant_with_warmup" : "write them as a first factor")}."];
        return Warmup >= Total
            ? [$"The warmup takes {Warmup} steps but the run has only {Total}, so the learning rate never gets beyond "
                + $"{Short(LearningRate * (Total - 1) / Warmup)} of {Short(LearningRate)}; shorten the warmup to about "
                + $"{Math.Max(1, Total / 10)}."]
            : [];
    }

    private const string RulesSentence =
        "The rules of piecewise_constant are 'factor:until step, …, last factor', such as 1:100,0.1:200,0.01.";

    private double Polynomial(int step)
    {
        if (step >= Total)
            return End / LearningRate;
        var remaining = 1 - ((step - Warmup) / (double)(Total - Warmup));
        return (((LearningRate - End) * Math.Pow(remaining, Power)) + End) / LearningRate;
    }

    private double Piecewise(int step) => Rules().First(rule => step < rule.Until).Factor;

    private IEnumerable<(double Factor, int Until)> Rules()
    {
        var rules = StepRules.Split(',');
        for (var i = 0; i < rules.Length; i++)
        {
            var parts = rules[i].Split(':');
            var until = int.MaxValue;
            if (parts.Length != (i < rules.Length - 1 ? 2 : 1)
                || !double.TryParse(parts[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var factor)
                || (parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.Integer, CultureInfo.InvariantCulture, out until)))
                throw new BadInputException($"{RulesSentence} '{StepRules}' is none.");
            yield return (factor, until);
        }
    }

    private static string Short(double rate) => rate.ToString("0.##e-0", CultureInfo.InvariantCulture);

    private static void Require(bool holds, string sentence)
    {
        if (!holds)
            throw new BadInputException(sentence);
    }
}
