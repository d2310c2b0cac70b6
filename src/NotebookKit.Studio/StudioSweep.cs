using System.Text.Json.Nodes;
using NotebookKit.Pipeline;

namespace NotebookKit.Studio;

/// <summary>
/// The sweep behind the scatter: the sample rabbit learned once with each of some prior loss weights, measured beforehand by
/// the command that stands in the file. It says something of base-mini alone.
/// </summary>
internal static class StudioSweep
{
    private const string File = "prior-loss-weight.json", Base = "base-mini";

    /// <summary>Its points, by weight.</summary>
    public static SweepShown Read()
    {
        using var stream = typeof(StudioSweep).Assembly.GetManifestResourceStream(File)!;
        var sweep = JsonNode.Parse(stream)!;
        return new SweepShown((string)sweep["command"]!, (string)sweep["of"]!, [..
            from run in sweep["runs"]!.AsArray()
            where run!["prior_loss_weight"] is not null
            select new SweepPoint((double)run["prior_loss_weight"]!, (double)run["of_their_own"]!, (double)run["pres_toy"]!)]);
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
