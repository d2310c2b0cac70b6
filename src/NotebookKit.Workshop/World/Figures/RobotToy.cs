using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Figures;

/// <summary>A tin robot from the front.</summary>
internal static class RobotToy
{
    public static void Draw(Sheet sheet, Rgb color, View view, Accessory accessory)
    {
        var tin = new Paint(color, Shade: 0.42f);
        var steel = new Paint(new Rgb(0.62f, 0.66f, 0.72f), Shade: 0.45f);
        var turn = view.Mirrored ? -view.Turn : view.Turn;
        sheet.Ellipse(0.03f, -0.03f, 0.75f, 0.14f, new Paint(Rgb.Ink, Opacity: 0.5f, Soft: true));
        for (var side = -1; side <= 1; side += 2)
        {
            sheet.Box(side * 0.24f, -0.28f, 0.12f, 0.22f, 0.03f, steel);
            sheet.Box(side * 0.27f, -0.09f, 0.21f, 0.10f, 0.06f, tin with { Color = Palette.Deep(color) });
            var pose = side < 0 ? view.LeftArm : view.RightArm;
            var angle = 1.15f - 2.0f * pose;
            var (hx, hy) = (side * (0.50f + 0.38f * Trig.Cos(angle)), -0.98f + 0.42f * Trig.Sin(angle));
            sheet.Capsule(side * 0.48f, -0.98f, hx, hy, 0.085f, steel);
            sheet.Circle(hx, hy, 0.13f, tin);
        }

        sheet.Box(0, -1.24f, 0.12f, 0.12f, 0, steel);
        sheet.Box(0, -0.78f, 0.50f, 0.38f, 0.07f, tin);
        sheet.Box(turn * 0.06f, -0.80f, 0.32f, 0.22f, 0.04f, Paint.Mark(new Rgb(0.90f, 0.93f, 0.96f)));
        sheet.Circle(turn * 0.06f - 0.18f, -0.86f, 0.095f, Paint.Mark(new Rgb(0.90f, 0.12f, 0.12f)));
        sheet.Circle(turn * 0.06f, -0.86f, 0.095f, Paint.Mark(new Rgb(1.00f, 0.80f, 0.10f)));
        sheet.Circle(turn * 0.06f + 0.18f, -0.86f, 0.095f, Paint.Mark(new Rgb(0.12f, 0.65f, 0.25f)));
        sheet.Box(turn * 0.06f, -0.67f, 0.24f, 0.050f, 0, Paint.Mark(new Rgb(0.35f, 0.38f, 0.44f)));
        for (var side = -1; side <= 1; side += 2)
            sheet.Box(side * 0.47f, -1.50f, 0.08f, 0.13f, 0.03f, steel);
        if (accessory != Accessory.Hat)
        {
            sheet.Capsule(0, -1.78f, 0, -1.92f, 0.050f, steel);
            sheet.Circle(0, -1.95f, 0.11f, new Paint(new Rgb(0.95f, 0.16f, 0.14f)));
        }

        sheet.Box(0, -1.50f, 0.43f, 0.31f, 0.08f, tin);
        Face.Eye(sheet, turn * 0.05f - 0.20f, -1.58f, 0.15f, turn);
        Face.Eye(sheet, turn * 0.05f + 0.20f, -1.58f, 0.15f, turn);
        sheet.Box(turn * 0.05f, -1.32f, 0.23f, 0.06f, 0.02f, Paint.Mark(new Rgb(0.18f, 0.19f, 0.23f)));
        if (accessory == Accessory.Hat)
            Wear.Hat(sheet, 0, -1.80f, 0.50f);
    }
}
