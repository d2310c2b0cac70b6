using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Figures;

/// <summary>A house from the front: coloured walls, slate roof, a door and two windows.</summary>
internal static class House
{
    public static void Draw(Sheet sheet, Rgb color)
    {
        var slate = new Paint(new Rgb(0.30f, 0.34f, 0.46f), Shade: 0.25f);
        var frame = new Rgb(0.97f, 0.97f, 0.95f);
        sheet.Ellipse(0.05f, -0.02f, 1.10f, 0.12f, new Paint(Rgb.Ink, Opacity: 0.5f, Soft: true));
        sheet.Box(0.48f, -1.62f, 0.12f, 0.26f, 0.02f, new Paint(new Rgb(0.66f, 0.30f, 0.22f), Shade: 0.3f));
        sheet.Box(0, -0.60f, 0.78f, 0.60f, 0.02f, new Paint(color, Shade: 0.22f));
        sheet.Polygon(slate, 0.03f, (-0.98f, -1.14f), (0, -1.92f), (0.98f, -1.14f));
        sheet.Box(0, -0.36f, 0.18f, 0.36f, 0.02f,
            new Paint(color.R > 0.35f && color.R < 0.6f && color.B < 0.2f ? new Rgb(0.86f, 0.66f, 0.36f) : new Rgb(0.42f, 0.22f, 0.10f),
                Shade: 0.2f));
        sheet.Circle(0.08f, -0.34f, 0.050f, Paint.Mark(new Rgb(1.00f, 0.85f, 0.30f)));
        for (var side = -1; side <= 1; side += 2)
        {
            sheet.Box(side * 0.48f, -0.70f, 0.19f, 0.21f, 0.02f, Paint.Flat(frame));
            sheet.Box(side * 0.48f, -0.70f, 0.15f, 0.17f, 0, Paint.Mark(new Rgb(0.50f, 0.78f, 0.95f)));
            sheet.Box(side * 0.48f, -0.70f, 0.035f, 0.17f, 0, Paint.Mark(frame));
            sheet.Box(side * 0.48f, -0.70f, 0.15f, 0.035f, 0, Paint.Mark(frame));
        }
    }
}
