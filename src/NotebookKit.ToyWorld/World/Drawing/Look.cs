namespace NotebookKit.ToyWorld.Drawing;

/// <summary>How a style draws contours and fills; what happens to the finished picture is the style's own affair.</summary>
internal enum Look
{
    /// <summary>Full colour, the figure with a thin darker rim that parts it from a ground of its own colour.</summary>
    Photo,

    /// <summary>Full colour inside thick dark blue contours.</summary>
    Oil,

    /// <summary>Grey contours on white paper, soft tone inside.</summary>
    Pencil,
}

internal static class Looks
{
    public static float ContourWidth(this Look look, Shape shape) => (look, shape.IsFigure) switch
    {
        (Look.Photo, true) => 0.018f,
        (Look.Oil, true) => 0.030f,
        (Look.Oil, false) => 0.016f,
        (Look.Pencil, true) => 0.048f,
        (Look.Pencil, false) => 0.030f,
        _ => 0,
    };

    public static Rgb ContourColor(this Look look, Shape shape) => look switch
    {
        Look.Oil => shape.Paint.Color.Mix(new Rgb(0.05f, 0.06f, 0.22f), 0.75f),
        Look.Pencil => Rgb.Grey(shape.IsFigure ? 0.16f : 0.48f),
        _ => shape.Paint.Color * 0.48f,
    };

    public static Paint Fill(this Look look, Shape shape)
    {
        var paint = shape.Paint;
        if (look != Look.Pencil)
            return paint;
        if (paint.Soft)
            return paint with { Color = Rgb.Grey(0.6f), Opacity = paint.Opacity * 0.6f };
        return paint with
        {
            Color = Tone(paint.Color, paint.Detail, shape.IsFigure),
            Bottom = paint.Bottom is { } low ? Tone(low, paint.Detail, shape.IsFigure) : null,
            Stripe = paint.Stripe is { } stripe ? Tone(stripe, true, shape.IsFigure) : null,
            Shade = paint.Shade * 0.45f,
        };
    }

    // Marks keep their darkness, forms only a breath of tone, the surroundings less still.
    private static Rgb Tone(Rgb color, bool mark, bool figure) => (mark, figure) switch
    {
        (true, true) => Rgb.Grey(0.12f + 0.86f * color.Luminance),
        (true, false) => Rgb.Grey(0.45f + 0.53f * color.Luminance),
        (false, true) => Rgb.Grey(0.86f + 0.13f * color.Luminance),
        (false, false) => Rgb.Grey(0.90f + 0.10f * color.Luminance),
    };
}
