using NotebookKit.Evaluation;
using NotebookKit.Pipeline;

namespace NotebookKit.Studio;

/// <summary>
/// The sweep behind the scatter: the sample rabbit learned with each of some prior loss weights, measured beforehand by
/// the command that stands in the file. It says something of base-mini alone.
/// </summary>
internal static class StudioSweep
{
    private const string Base = "base-mini";

    /// <summary>Its points, by weight, at the end of the trainings.</summary>
    public static SweepShown Read()
    {
        using var stream = typeof(StudioSweep).Assembly.GetManifestResourceStream(StudyResult.File)!;
        var study = StudyResult.Read(stream, StudyResult.File);
        return new SweepShown(study.Command, study.Of, [..
            from weight in study.Weights()
            let scores = study.At(weight, study.Epochs()[^1]).Scores
            select new SweepPoint(weight, scores.Fidelity.Mean, scores.Protected.Pres.Mean)]);
    }

    /// <summary>The same for a base; no points for any that the sweep was not made with.</summary>
    public static SweepShown For(StableDiffusion sd) => sd.Name == Base ? Read() : Read() with { Points = [] };
}

/// <summary>A sweep as the page shows it.</summary>
/// <param name="Command">What made it.</param>
/// <param name="Of">What was trained.</param>
/// <param name="Points">A point for each weight.</param>
internal sealed record SweepShown(string Command, string Of, IReadOnlyList<SweepPoint> Points);

/// <summary>What a weight led to.</summary>
internal sealed record SweepPoint(double Weight, double Fidelity, double Pres);
