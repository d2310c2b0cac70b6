using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Figures;

/// <summary>A backpack from the front.</summary>
internal static class Backpack
{
    public static void Draw(Sheet sheet, Rgb color)
    {
        var cloth = new Paint(color, Shade: 0.45f);
        var deep = cloth with { Color = Palette.Deep(color) };
        var metal = Paint.Mark(new Rgb(0.98f, 0.86f, 0.42f));
        sheet.Ellipse(0.03f, -0.03f, 0.80f, 0.13f, new Paint(Rgb.Ink, Opacity: 0.5f, Soft: true));
        sheet.Curve((-0.26f, -1.72f), (0, -2.14f), (0.26f, -1.72f), 0.055f, deep, 6);
        for (var side = -1; side <= 1; side += 2)
            sheet.Box(side * 0.66f, -0.52f, 0.14f, 0.36f, 0.12f, deep);
        sheet.Box(0, -0.90f, 0.66f, 0.86f, 0.34f, cloth);
        sheet.Box(0, -1.36f, 0.56f, 0.36f, 0.28f, deep);
        sheet.Box(0, -0.50f, 0.50f, 0.36f, 0.14f, cloth with { Color = color.Mix(Palette.Pale(color), 0.45f) });
        sheet.Capsule(-0.38f, -0.72f, 0.38f, -0.72f, 0.026f, metal);
        sheet.Box(0.30f, -0.65f, 0.035f, 0.08f, 0.02f, metal);
        sheet.Box(0, -1.04f, 0.09f, 0.12f, 0.03f, metal);
    }
}
