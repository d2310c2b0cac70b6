using NotebookKit.Evaluation;

namespace NotebookKit.Sweeps;

/// <summary>How a point turned out.</summary>
/// <param name="Steps">Optimizer steps that the result has behind it.</param>
/// <param name="Loss">The mean instance loss of the last tenth of the steps; null where there were none.</param>
/// <param name="Seconds">Seconds that the training took, over all attempts that ended by themselves.</param>
/// <param name="PeakBytes">The most memory that its process held.</param>
public sealed record PointResult(int Steps, double? Loss, double Seconds, long PeakBytes)
{
    /// <summary>SHA-256 of the result's tensors, twelve digits: the same where two results are the same to the bit.</summary>
    public string? Sum { get; init; }

    /// <summary>Its line of the scoreboard; null where nothing was measured.</summary>
    public ScoreRow? Scores { get; init; }

    /// <summary>Whether nothing was trained, because the sweep is a dry one.</summary>
    public bool Dry { get; init; }
}
