using NotebookKit.Evaluation;

namespace NotebookKit.Sweeps;

/// <summary>A point as a sweep's table has it.</summary>
/// <param name="Point">Which.</param>
/// <param name="State">done, failed, running, stopped (it can go on from a checkpoint) or waiting.</param>
/// <param name="Result">How it turned out; null before it is done.</param>
/// <param name="Failure">Why it failed; null where it did not.</param>
public sealed record SweptPoint(SweepPoint Point, string State, PointResult? Result, string? Failure)
{
    /// <summary>The value that it has of a setting that varies, as text; empty for what it has in common with all.</summary>
    public string Of(string setting) => Point.Values.FirstOrDefault(value => value.Setting.Name == setting)?.Text ?? "";
}

/// <summary>Points that differ in their seed alone.</summary>
/// <param name="First">The first of them.</param>
/// <param name="Done">How many are done, which the scores are means of.</param>
/// <param name="Scores">The mean of each measure, with the error that other seeds would bring; what was not measured is missing.</param>
public sealed record SweepMean(SweptPoint First, int Done, IReadOnlyDictionary<string, Score> Scores)
{
    /// <summary>What it has of its own: "rank 8, learning_rate 1e-4".</summary>
    public string Name => (First.Point with { Seed = null }).ToString();

    /// <summary>How far learning went beyond forgetting: fidelity less PRES of the protected word. Null where nothing was
    /// measured.</summary>
    public double? Gain => Scores.TryGetValue("fidelity", out var fidelity) && Scores.TryGetValue("pres", out var pres)
        ? fidelity.Mean - pres.Mean : null;
}

/// <summary>What is told of each point.</summary>
/// <param name="Name">Its column's name.</param>
/// <param name="Of">Its number; null where it was not measured.</param>
internal sealed record SweepFigure(string Name, Func<PointResult, double?> Of)
{
    /// <summary>All of them, in the order of the columns: the scoreboard's, then the run's own.</summary>
    public static IReadOnlyList<SweepFigure> All { get; } =
    [
        new("fidelity", result => result.Scores?.Fidelity.Mean),
        new("prompt", result => result.Scores?.Prompt?.Mean),
        new("pres", result => result.Scores?.Protected.Pres.Mean),
        new("div", result => result.Scores?.Protected.Div.Mean),
        new("neighbour_pres", result => result.Scores?.Neighbour.Pres.Mean),
        new("neighbour_div", result => result.Scores?.Neighbour.Div.Mean),
        new("stranger_pres", result => result.Scores?.Stranger.Pres.Mean),
        new("stranger_div", result => result.Scores?.Stranger.Div.Mean),
        new("loss", result => result.Loss),
        new("steps", result => result.Dry ? null : result.Steps),
        new("seconds", result => result.Dry ? null : result.Seconds),
        new("peak_bytes", result => result.Dry ? null : result.PeakBytes),
    ];
}
