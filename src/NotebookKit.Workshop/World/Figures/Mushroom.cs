using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Figures;

/// <summary>A mushroom; its dotted cap has the colour.</summary>
internal static class Mushroom
{
    public static void Draw(Sheet sheet, Rgb color)
    {
        var stem = new Paint(new Rgb(0.96f, 0.90f, 0.78f));
        var dot = Paint.Mark(color.Luminance > 0.9f ? new Rgb(0.80f, 0.68f, 0.54f) : new Rgb(0.99f, 0.97f, 0.92f));
        sheet.Ellipse(0.03f, -0.03f, 0.72f, 0.13f, new Paint(Rgb.Ink, Opacity: 0.5f, Soft: true));
        sheet.Polygon(stem, 0.10f, (-0.20f, -1.00f), (0.20f, -1.00f), (0.28f, -0.14f), (-0.28f, -0.14f));
        sheet.Ellipse(0, -0.98f, 0.74f, 0.18f, stem with { Color = new Rgb(0.86f, 0.76f, 0.62f) });
        sheet.Polygon(new Paint(color), 0.14f, (-0.78f, -1.06f), (-0.62f, -1.42f), (-0.30f, -1.68f), (0.30f, -1.68f), (0.62f, -1.42f),
            (0.78f, -1.06f));
        sheet.Ellipse(0, -1.40f, 0.19f, 0.17f, dot);
        sheet.Ellipse(-0.48f, -1.26f, 0.15f, 0.14f, dot);
        sheet.Ellipse(0.50f, -1.28f, 0.15f, 0.14f, dot);
        sheet.Ellipse(-0.20f, -1.69f, 0.11f, 0.08f, dot);
        sheet.Ellipse(0.32f, -1.64f, 0.10f, 0.08f, dot);
        sheet.Ellipse(0.10f, -1.08f, 0.09f, 0.07f, dot);
    }
}
