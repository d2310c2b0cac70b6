using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Figures;

/// <summary>Hats, scarves and bows.</summary>
internal static class Wear
{
    /// <summary>A top hat whose brim lies at (x, y).</summary>
    public static void Hat(Sheet sheet, float x, float y, float size)
    {
        var felt = new Paint(new Rgb(0.13f, 0.13f, 0.17f), Shade: 0.4f, Detail: true);
        sheet.Box(x, y - size * 0.42f, size * 0.50f, size * 0.44f, size * 0.08f, felt);
        sheet.Box(x, y - size * 0.14f, size * 0.50f, size * 0.12f, 0, Paint.Mark(new Rgb(0.93f, 0.20f, 0.16f)));
        sheet.Ellipse(x, y, size * 0.86f, size * 0.14f, felt);
    }

    /// <summary>A scarf round a neck of a given half width, one end hanging.</summary>
    public static void Scarf(Sheet sheet, float x, float y, float half, Rgb coat)
    {
        var wool = new Paint(Contrast(coat), Shade: 0.4f);
        sheet.Grouped(() =>
        {
            sheet.Box(x + half * 0.55f, y + half * 0.62f, half * 0.26f, half * 0.62f, half * 0.1f,
                wool with { Stripe = Rgb.White, Stripes = 3 }, 0.08f);
            sheet.Curve((x - half, y - 0.02f), (x, y + half * 0.34f), (x + half, y - 0.02f), half * 0.24f, wool, 6);
        });
    }

    /// <summary>A bow at the throat.</summary>
    public static void Bow(Sheet sheet, float x, float y, float half, Rgb color)
    {
        var silk = new Paint(color, Shade: 0.45f, Detail: true); // a contour would be darker than the bow, and all of it in a sketch
        sheet.Polygon(silk, 0.02f, (x, y), (x - half, y - half * 0.5f), (x - half, y + half * 0.5f));
        sheet.Polygon(silk, 0.02f, (x, y), (x + half, y - half * 0.5f), (x + half, y + half * 0.5f));
        sheet.Circle(x, y, half * 0.26f, silk with { Color = silk.Color * 0.8f });
    }

    /// <summary>Red, unless the coat is warm itself.</summary>
    public static Rgb Contrast(Rgb coat) =>
        coat.R > 0.7f && coat.G < 0.6f ? new Rgb(0.10f, 0.45f, 0.92f) : new Rgb(0.90f, 0.13f, 0.15f);
}
