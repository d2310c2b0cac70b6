using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Figures;

/// <summary>The world's colours: saturated and far apart, so that a small model can tell them.</summary>
internal static class Palette
{
    public static readonly Rgb SkyTop = new(0.33f, 0.62f, 0.93f), SkyLow = new(0.78f, 0.90f, 0.99f);

    public static Rgb Of(ToyColor color) => color switch
    {
        ToyColor.Red => new(0.90f, 0.08f, 0.09f),
        ToyColor.Yellow => new(1.00f, 0.85f, 0.08f),
        ToyColor.Green => new(0.10f, 0.64f, 0.20f),
        ToyColor.Blue => new(0.10f, 0.29f, 0.94f),
        ToyColor.Purple => new(0.52f, 0.13f, 0.76f),
        ToyColor.Pink => new(1.00f, 0.47f, 0.74f),
        ToyColor.White => new(0.96f, 0.96f, 0.96f),
        ToyColor.Brown => new(0.48f, 0.26f, 0.10f),
        _ => throw new ArgumentOutOfRangeException(nameof(color), color, "no such colour"),
    };

    /// <summary>The pale tone of bellies, muzzles and soles; warm where the coat itself is white.</summary>
    public static Rgb Pale(Rgb coat) => coat.Luminance > 0.9f ? new Rgb(0.99f, 0.86f, 0.80f) : coat.Mix(new Rgb(1, 0.97f, 0.92f), 0.62f);

    /// <summary>The deep tone of ears, wings and far legs.</summary>
    public static Rgb Deep(Rgb coat) => coat.Luminance > 0.9f ? new Rgb(0.76f, 0.78f, 0.84f) : coat * 0.68f;
}
