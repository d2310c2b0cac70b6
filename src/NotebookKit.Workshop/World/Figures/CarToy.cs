using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Figures;

/// <summary>A toy car from the side, driving to the right.</summary>
internal static class CarToy
{
    public static void Draw(Sheet sheet, Rgb color)
    {
        var lacquer = new Paint(color, Shade: 0.42f);
        var glass = Paint.Mark(new Rgb(0.72f, 0.90f, 0.98f));
        sheet.Ellipse(0.03f, -0.02f, 1.20f, 0.13f, new Paint(Rgb.Ink, Opacity: 0.55f, Soft: true));
        sheet.Grouped(() =>
        {
            sheet.Polygon(lacquer, 0.07f, (-0.62f, -0.60f), (-0.42f, -1.10f), (0.30f, -1.10f), (0.58f, -0.60f));
            sheet.Box(0, -0.47f, 1.08f, 0.27f, 0.17f, lacquer);
        });
        sheet.Polygon(glass, 0.03f, (-0.46f, -0.72f), (-0.34f, -1.02f), (-0.10f, -1.02f), (-0.10f, -0.72f));
        sheet.Polygon(glass, 0.03f, (0.05f, -0.72f), (0.05f, -1.02f), (0.24f, -1.02f), (0.42f, -0.72f));
        sheet.Box(0, -0.30f, 1.02f, 0.045f, 0.03f, Paint.Mark(Palette.Deep(color)));
        sheet.Ellipse(0.98f, -0.50f, 0.095f, 0.12f, Paint.Mark(new Rgb(1.00f, 0.93f, 0.45f)));
        sheet.Ellipse(-1.00f, -0.50f, 0.075f, 0.10f, Paint.Mark(new Rgb(0.75f, 0.05f, 0.08f)));
        for (var side = -1; side <= 1; side += 2)
        {
            sheet.Circle(side * 0.60f, -0.27f, 0.27f, new Paint(new Rgb(0.14f, 0.14f, 0.16f), Shade: 0.35f, Detail: true));
            sheet.Circle(side * 0.60f, -0.27f, 0.13f, new Paint(new Rgb(0.84f, 0.86f, 0.90f), Shade: 0.35f, Detail: true));
        }
    }
}
