
namespace NotebookKit.Workshop.World;

/// <summary>
/// One picture of the toy world, complete: painting it twice gives the same bytes, at any size. Colour, background and
/// style are what captions speak of and what a probe can read back from the picture.
/// </summary>
/// <param name="Class">What the picture is of.</param>
/// <param name="Color">Its colour; of which a pencil sketch shows the tone alone.</param>
/// <param name="Background">Where it stands.</param>
/// <param name="Style">How the picture is made.</param>
/// <param name="Accessory">What it wears; only some classes can wear something, see <see cref="SceneSampler.CanWear"/>.</param>
/// <param name="Seed">Decides what has no name: where the clouds are, which houses line the street.</param>
/// <param name="View">How the thing is seen.</param>
/// <param name="Individual">The one plush toy that the picture is of, with colours of its own; null for any of its class, in the
/// colour.</param>
public sealed record Scene(
    ToyClass Class,
    ToyColor Color,
    Background Background,
    Style Style,
    Accessory Accessory,
    ulong Seed,
    View View,
    Individual? Individual = null)
{
    /// <summary>True when the picture shows the colour: everywhere but in styles without colour and on individuals.</summary>
    public bool ShowsColor => Individual is null && InColor;

    /// <summary>False in styles that have no colour, only its tone.</summary>
    public bool InColor => Style is not (Style.PencilSketch or Style.InkWash);

    /// <summary>A picture of an individual.</summary>
    public static Scene Of(Individual toy, Background background, Style style, ulong seed, View view)
    {
        ArgumentNullException.ThrowIfNull(toy);
        return new Scene(toy.Class, default, background, style, toy.Worn, seed, view, toy);
    }
}

/// <summary>How the thing in a picture is seen. Coordinates are those of the picture: x and y in [-1, 1], y downwards.</summary>
/// <param name="Turn">Turned to the left (-1) or to the right (1) of the viewer.</param>
/// <param name="Height">Its longer side as a share of the picture's, 0.55 to 0.85.</param>
/// <param name="X">Where its middle stands.</param>
/// <param name="Base">Where its foot stands, 0.70 to 0.90.</param>
/// <param name="LeftArm">The pose of the arm on the picture's left: hanging (0), stretched out (0.5), raised (1).</param>
/// <param name="RightArm">The pose of the other arm.</param>
/// <param name="Mirrored">Seen from the other side.</param>
public sealed record View(
    float Turn = 0,
    float Height = 0.75f,
    float X = 0,
    float Base = 0.8f,
    float LeftArm = 0,
    float RightArm = 0,
    bool Mirrored = false);
