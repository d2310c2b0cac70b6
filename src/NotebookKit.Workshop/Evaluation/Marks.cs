using NotebookKit.Evaluation;
using NotebookKit.Workshop.World;

namespace NotebookKit.Workshop.Evaluation;

/// <summary>Which attributes of one picture are right. Null: the caption does not say (no colour in a sketch, no word for the
/// studio).</summary>
internal readonly record struct Marks(bool Class, bool? Colour, bool? Background, bool Style)
{
    /// <summary>Everything that the caption says is right.</summary>
    public bool All => Class && Colour != false && Background != false && Style;

    /// <summary>Compares a reading with the scene that the caption describes in full.</summary>
    public static Marks Of(Scene scene, ProbeReading reading)
    {
        var truth = ProbeNames.Truth(scene);
        return new Marks(
            reading.Class == truth.Class,
            scene.ShowsColor ? reading.Colour == truth.Colour : null,
            scene.Background == World.Background.Studio ? null : reading.Background == truth.Background,
            reading.Style == truth.Style);
    }

    /// <summary>The shares over many pictures.</summary>
    public static AttributeShares Shares(IReadOnlyCollection<Marks> marks) => new(
        Share(marks.Select(m => (bool?)m.Class)), Share(marks.Select(m => m.Colour)), Share(marks.Select(m => m.Background)),
        Share(marks.Select(m => (bool?)m.Style)), Share(marks.Select(m => (bool?)m.All)));

    private static double Share(IEnumerable<bool?> marks) =>
        Math.Round(marks.Where(m => m is not null).Select(m => m!.Value ? 1.0 : 0).DefaultIfEmpty(0).Average(), 4);
}

/// <summary>Shares, 0 to 1, of pictures that show what their caption says: prompt fidelity.</summary>
/// <param name="Class">The class.</param>
/// <param name="Colour">The colour, of pictures whose caption names it.</param>
/// <param name="Background">The background, of pictures whose caption names it.</param>
/// <param name="Style">The style.</param>
/// <param name="All">All of them at once.</param>
public sealed record AttributeShares(double Class, double Colour, double Background, double Style, double All);
