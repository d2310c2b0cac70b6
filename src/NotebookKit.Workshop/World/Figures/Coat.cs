using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Figures;

/// <summary>What a plush toy is sewn of: one colour for all, or, for an individual, colours and marks of its own.</summary>
internal readonly record struct Coat(
    Rgb Head,
    Rgb Body,
    Rgb Belly,
    Rgb Muzzle,
    Rgb EarLining,
    Rgb Ears,
    Rgb? BellyStripe = null,
    Rgb? EyePatch = null,
    Rgb? Bow = null,
    bool FoldedEar = false)
{
    /// <summary>One colour, with its pale and deep tones.</summary>
    public static Coat Plain(Rgb color)
    {
        var pale = Palette.Pale(color);
        var pink = new Rgb(1.00f, 0.66f, 0.74f);
        return new Coat(color, color, pale, pale, color.Luminance > 0.9f ? pink : pale.Mix(pink, 0.35f), color);
    }
}
