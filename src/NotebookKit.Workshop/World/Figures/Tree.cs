using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Figures;

/// <summary>A round tree; its crown has the colour.</summary>
internal static class Tree
{
    public static void Draw(Sheet sheet, Rgb color)
    {
        var bark = new Paint(new Rgb(0.40f, 0.24f, 0.13f), Shade: 0.4f);
        var leaves = new Paint(color, Shade: 0.45f);
        sheet.Ellipse(0.04f, -0.02f, 0.72f, 0.12f, new Paint(Rgb.Ink, Opacity: 0.5f, Soft: true));
        sheet.Grouped(() =>
        {
            sheet.Polygon(bark, 0.03f, (-0.10f, -1.00f), (0.10f, -1.00f), (0.18f, -0.03f), (-0.18f, -0.03f));
            sheet.Capsule(0, -0.72f, 0.30f, -1.00f, 0.06f, bark);
            sheet.Capsule(0, -0.72f, -0.30f, -1.00f, 0.06f, bark);
        });
        sheet.Grouped(() =>
        {
            sheet.Circle(-0.42f, -1.16f, 0.33f, leaves);
            sheet.Circle(0.44f, -1.16f, 0.33f, leaves);
            sheet.Circle(0.28f, -1.52f, 0.34f, leaves);
            sheet.Circle(-0.28f, -1.54f, 0.36f, leaves);
            sheet.Circle(0, -1.24f, 0.42f, leaves);
        });
    }
}
