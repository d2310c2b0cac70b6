
namespace NotebookKit.Workshop.World.Drawing;

/// <summary>How a style draws contours and fills; what happens to the finished picture is the style's own affair.</summary>
internal enum Look
{
    /// <summary>Full colour without contours: light alone models the forms, and a small VAE keeps soft edges best.</summary>
    Photo,

    /// <summary>Full colour inside thick dark blue contours.</summary>
    Oil,

    /// <summary>Grey contours on white paper; inside, every colour has its tone.</summary>
    Pencil,

    /// <summary>Pale washes, each a little darker at its rim.</summary>
    Watercolor,

    /// <summary>Full colour inside dark contours one block wide.</summary>
    Pixel,

    /// <summary>Black brush lines and grey washes.</summary>
    Ink,
}

internal static class Looks
{
    public static float ContourWidth(this Look look, Shape shape) => (look, shape.IsFigure) switch
    {
        (Look.Oil, true) => 0.045f,
        (Look.Oil, false) => 0.020f,
        (Look.Pencil, true) => 0.070f,
        (Look.Pencil, false) => 0.040f,
        (Look.Watercolor, _) => 0.016f,
        (Look.Pixel, true) => 0.050f,
        (Look.Ink, true) => 0.040f,
        (Look.Ink, false) => 0.014f,
        _ => 0,
    };

    public static Rgb ContourColor(this Look look, Shape shape) => look switch
    {
        Look.Oil => shape.Paint.Color.Mix(new Rgb(0.05f, 0.06f, 0.22f), 0.75f),
        Look.Pencil => Rgb.Grey(shape.IsFigure ? 0.16f : 0.60f),
        Look.Watercolor => Wash(shape.Paint.Color, shape.IsFigure) * 0.78f,
        Look.Pixel => shape.Paint.Color * 0.28f,
        Look.Ink => Rgb.Grey(shape.IsFigure ? 0.08f : 0.52f),
        _ => shape.Paint.Color * 0.48f,
    };

    public static Paint Fill(this Look look, Shape shape)
    {
        var paint = shape.Paint;
        switch (look)
        {
            case Look.Pencil:
                return Sketched(paint, shape.IsFigure);
            case Look.Watercolor:
                return paint with
                {
                    Color = paint.Detail && shape.IsFigure ? paint.Color : Wash(paint.Color, shape.IsFigure),
                    Bottom = paint.Bottom is { } low ? Wash(low, shape.IsFigure) : null,
                    Shade = paint.Shade * 0.55f,
                };
            case Look.Ink:
                return Inked(paint, shape.IsFigure);
            default:
                return paint;
        }
    }

    private static Paint Sketched(Paint paint, bool figure)
    {
        if (paint.Soft)
            return paint with { Color = Rgb.Grey(0.6f), Opacity = paint.Opacity * 0.6f };
        return paint with
        {
            Color = Tone(paint.Color, paint.Detail, figure),
            Bottom = paint.Bottom is { } low ? Tone(low, paint.Detail, figure) : null,
            Stripe = paint.Stripe is { } stripe ? Tone(stripe, true, figure) : null,
            Shade = paint.Shade * 0.7f,
        };
    }

    private static Paint Inked(Paint paint, bool figure)
    {
        if (paint.Soft)
            return paint with { Color = Rgb.Grey(0.3f) };
        Rgb Dilute(Rgb color) => Rgb.Grey((paint.Detail, figure) switch
        {
            (true, true) => 0.05f + 0.93f * color.Luminance,
            (false, true) => 0.58f + 0.40f * color.Luminance,
            _ => 0.66f + 0.33f * color.Luminance,
        });
        return paint with
        {
            Color = Dilute(paint.Color),
            Bottom = paint.Bottom is { } low ? Dilute(low).Mix(Rgb.White, 0.3f) : null,
            Stripe = paint.Stripe is { } stripe ? Dilute(stripe) : null,
            Shade = paint.Shade * 0.9f,
        };
    }

    private static Rgb Wash(Rgb color, bool figure) => color.Mix(Rgb.White, figure ? 0.16f : 0.46f);

    // Marks keep their darkness, forms are shaded with the side of the lead, the surroundings more lightly. A full colour gets more lead
    // than its brightness asks for: a yellow bow on a cream coat would else be its contour alone.
    private static Rgb Tone(Rgb color, bool mark, bool figure)
    {
        var light = (color.Luminance + MathF.Min(color.R, MathF.Min(color.G, color.B))) / 2;
        return Rgb.Grey((mark, figure) switch
        {
            (true, true) => 0.12f + 0.86f * light,
            (true, false) => 0.62f + 0.36f * light,
            (false, true) => 0.30f + 0.68f * light,
            (false, false) => 0.82f + 0.17f * light,
        });
    }
}
