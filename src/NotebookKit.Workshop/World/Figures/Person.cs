using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Figures;

/// <summary>A person standing; the clothes have the colour.</summary>
internal static class Person
{
    public static void Draw(Sheet sheet, Rgb color, View view, Accessory accessory)
    {
        var skin = new Paint(new Rgb(0.98f, 0.78f, 0.62f));
        var shirt = new Paint(color);
        var trousers = new Paint(new Rgb(0.24f, 0.28f, 0.42f));
        var hair = new Paint(new Rgb(0.30f, 0.17f, 0.09f), Shade: 0.4f);
        var turn = view.Mirrored ? -view.Turn : view.Turn;
        sheet.Ellipse(0.03f, -0.03f, 0.62f, 0.13f, new Paint(Rgb.Ink, Opacity: 0.5f, Soft: true));
        for (var side = -1; side <= 1; side += 2)
        {
            sheet.Capsule(side * 0.15f, -0.58f, side * 0.17f, -0.16f, 0.125f, trousers);
            sheet.Ellipse(side * 0.20f + turn * 0.03f, -0.07f, 0.18f, 0.08f, new Paint(new Rgb(0.22f, 0.15f, 0.12f)));
            var pose = side < 0 ? view.LeftArm : view.RightArm;
            var angle = 1.15f - 2.0f * pose;
            var (hx, hy) = (side * (0.30f + 0.44f * Trig.Cos(angle)), -1.00f + 0.44f * Trig.Sin(angle));
            sheet.Circle(hx, hy, 0.095f, skin);
            sheet.Capsule(side * 0.30f, -1.00f, side * 0.30f + (hx - side * 0.30f) * 0.82f, -1.00f + (hy + 1.00f) * 0.82f, 0.105f, shirt);
        }

        sheet.Box(0, -0.82f, 0.32f, 0.32f, 0.14f, shirt);
        if (accessory != Accessory.Hat)
            sheet.Ellipse(0, -1.58f, 0.42f, 0.38f, hair);
        sheet.Ellipse(0, -1.46f, 0.37f, 0.37f, skin);
        var fx = turn * 0.08f;
        if (accessory == Accessory.Scarf)
            Wear.Scarf(sheet, 0, -1.12f, 0.26f, color);
        sheet.Ellipse(fx * 0.6f, -1.80f, 0.30f, 0.12f, hair with { Detail = true });
        Face.Eye(sheet, fx - 0.145f, -1.50f, 0.095f, turn);
        Face.Eye(sheet, fx + 0.145f, -1.50f, 0.095f, turn);
        sheet.Circle(fx - 0.21f, -1.34f, 0.055f, Paint.Mark(new Rgb(0.98f, 0.58f, 0.52f)));
        sheet.Circle(fx + 0.21f, -1.34f, 0.055f, Paint.Mark(new Rgb(0.98f, 0.58f, 0.52f)));
        sheet.Curve((fx - 0.12f, -1.30f), (fx, -1.19f), (fx + 0.12f, -1.30f), 0.028f, Paint.Mark(new Rgb(0.66f, 0.16f, 0.16f)), 5);
        if (accessory == Accessory.Hat)
            Wear.Hat(sheet, 0, -1.74f, 0.52f);
    }
}
