using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Figures;

/// <summary>A sailing boat; its hull has the colour.</summary>
internal static class Boat
{
    public static void Draw(Sheet sheet, Rgb color)
    {
        var sail = new Paint(new Rgb(0.99f, 0.98f, 0.94f), Shade: 0.25f);
        sheet.Ellipse(0, -0.03f, 1.00f, 0.13f, new Paint(Rgb.Ink, Opacity: 0.5f, Soft: true));
        sheet.Capsule(0, -0.50f, 0, -1.92f, 0.045f, new Paint(new Rgb(0.46f, 0.28f, 0.14f), Shade: 0.4f));
        sheet.Polygon(sail, 0.02f, (0.09f, -1.86f), (0.88f, -0.68f), (0.09f, -0.68f));
        sheet.Polygon(sail with { Color = new Rgb(0.90f, 0.90f, 0.90f) }, 0.02f, (-0.09f, -1.70f), (-0.09f, -0.68f), (-0.66f, -0.68f));
        sheet.Polygon(new Paint(color), 0.05f, (-0.95f, -0.52f), (1.00f, -0.52f), (0.66f, -0.06f), (-0.62f, -0.06f));
        sheet.Polygon(Paint.Mark(Palette.Pale(color)), 0, (-0.90f, -0.46f), (0.96f, -0.46f), (0.90f, -0.36f), (-0.83f, -0.36f));
        for (var i = -1; i <= 1; i++)
            sheet.Circle(i * 0.36f, -0.22f, 0.075f, Paint.Mark(new Rgb(0.98f, 0.96f, 0.86f)));
    }
}
