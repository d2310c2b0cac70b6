using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Figures;

/// <summary>A cup on a saucer, its handle to the right.</summary>
internal static class Cup
{
    public static void Draw(Sheet sheet, Rgb color)
    {
        var china = new Paint(color);
        sheet.Ellipse(0.03f, -0.05f, 0.98f, 0.15f, new Paint(Rgb.Ink, Opacity: 0.5f, Soft: true));
        sheet.Ellipse(0, -0.12f, 0.86f, 0.13f, china with { Color = Palette.Deep(color) });
        sheet.Curve((0.52f, -1.12f), (1.20f, -1.10f), (0.44f, -0.48f), 0.085f, china, 8);
        sheet.Polygon(china, 0.08f, (-0.58f, -1.36f), (0.58f, -1.36f), (0.40f, -0.24f), (-0.40f, -0.24f));
        sheet.Ellipse(0, -1.38f, 0.65f, 0.17f, new Paint(Palette.Pale(color), Shade: 0.2f));
        sheet.Ellipse(0, -1.35f, 0.52f, 0.11f, Paint.Mark(new Rgb(0.34f, 0.19f, 0.10f)));
        var steam = Paint.Mark(Rgb.White, 0.75f);
        for (var side = -1; side <= 1; side += 2)
            sheet.Curve((side * 0.18f, -1.56f), (side * 0.18f - 0.16f, -1.72f), (side * 0.18f + 0.06f, -1.92f), 0.035f, steam, 5);
    }
}
