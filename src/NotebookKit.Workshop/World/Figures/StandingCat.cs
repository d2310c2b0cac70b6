using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Figures;

/// <summary>A cat on four thin legs from the side, its face to the viewer, its tail up.</summary>
internal static class StandingCat
{
    public static void Draw(Sheet sheet, Rgb color, Accessory accessory)
    {
        var coat = new Paint(color);
        var far = coat with { Color = Palette.Deep(color) };
        var stripe = Paint.Mark(Palette.Deep(color));
        sheet.Ellipse(0, -0.02f, 0.90f, 0.12f, new Paint(Rgb.Ink, Opacity: 0.5f, Soft: true));
        sheet.Capsule(-0.36f, -0.60f, -0.30f, -0.10f, 0.085f, far);
        sheet.Capsule(0.26f, -0.60f, 0.30f, -0.10f, 0.085f, far);
        sheet.Grouped(() =>
        {
            sheet.Curve((-0.62f, -0.76f), (-1.20f, -0.86f), (-0.94f, -1.42f), 0.075f, coat, 7);
            sheet.Curve((-0.94f, -1.42f), (-0.86f, -1.66f), (-0.68f, -1.56f), 0.075f, coat, 5);
        });
        sheet.Grouped(() =>
        {
            sheet.Capsule(-0.44f, -0.70f, 0.40f, -0.74f, 0.26f, coat);
            sheet.Capsule(-0.56f, -0.60f, -0.56f, -0.10f, 0.095f, coat);
            sheet.Capsule(0.48f, -0.60f, 0.50f, -0.10f, 0.095f, coat);
        });
        for (var i = -1; i <= 1; i++)
            sheet.Capsule(-0.18f + i * 0.20f, -0.92f, -0.16f + i * 0.20f, -0.72f, 0.050f, stripe);
        Head(sheet, 0.60f, -1.16f, color);
        if (accessory == Accessory.Hat)
            Wear.Hat(sheet, 0.60f, -1.46f, 0.42f);
    }

    private static void Head(Sheet sheet, float x, float y, Rgb color)
    {
        var lining = Coat.Plain(color).EarLining;
        for (var side = -1; side <= 1; side += 2)
        {
            sheet.Polygon(new Paint(color, Shade: 0.4f), 0.02f,
                (x + side * 0.38f, y - 0.62f), (x + side * 0.06f, y - 0.26f), (x + side * 0.38f, y - 0.08f));
            sheet.Polygon(Paint.Mark(lining), 0.01f,
                (x + side * 0.34f, y - 0.50f), (x + side * 0.15f, y - 0.26f), (x + side * 0.34f, y - 0.14f));
        }

        sheet.Ellipse(x, y, 0.47f, 0.40f, new Paint(color));
        sheet.Ellipse(x, y + 0.16f, 0.19f, 0.12f, new Paint(Palette.Pale(color), Shade: 0.3f, Detail: true));
        Face.Whiskers(sheet, x, y + 0.14f, 0.14f, 0.40f);
        Face.CatEye(sheet, x - 0.20f, y - 0.06f, 0.135f, 0.3f);
        Face.CatEye(sheet, x + 0.20f, y - 0.06f, 0.135f, 0.3f);
        sheet.Polygon(Paint.Mark(new Rgb(0.93f, 0.30f, 0.42f)), 0.012f, (x - 0.07f, y + 0.07f), (x + 0.07f, y + 0.07f), (x, y + 0.14f));
        Face.Smile(sheet, x, y + 0.13f, 0.11f);
    }
}
