using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Figures;

/// <summary>The grounds of the large preset: night and forest.</summary>
internal static class Wilds
{
    public static void Night(Sheet sheet, WorldRandom random, float horizon)
    {
        Ground.Fill(sheet, -1, horizon + 0.1f, new Rgb(0.03f, 0.05f, 0.20f), new Rgb(0.16f, 0.20f, 0.46f));
        var (x, y) = (random.Range(-0.74f, -0.58f), random.Range(-0.76f, -0.60f));
        sheet.Circle(x, y, 0.36f, new Paint(new Rgb(0.80f, 0.85f, 1), Opacity: 0.35f, Soft: true));
        sheet.Circle(x, y, 0.17f, Paint.Flat(new Rgb(0.99f, 0.96f, 0.78f)));
        sheet.Circle(x + 0.08f, y - 0.04f, 0.14f, Paint.Mark(new Rgb(0.06f, 0.08f, 0.26f)));
        for (var i = 0; i < 9; i++)
        {
            var (sx, sy) = (-0.30f + 0.155f * i + random.Range(-0.04f, 0.04f), -0.86f + 0.20f * (i * 2 % 5) + random.Range(-0.04f, 0.04f));
            sheet.Circle(sx, sy, 0.022f, Paint.Mark(new Rgb(1, 0.97f, 0.80f)));
        }

        sheet.Ellipse(-0.55f, horizon + 0.22f, 0.85f, 0.44f, Paint.Flat(new Rgb(0.08f, 0.15f, 0.24f)));
        sheet.Ellipse(0.70f, horizon + 0.25f, 0.80f, 0.38f, Paint.Flat(new Rgb(0.07f, 0.13f, 0.21f)));
        Ground.Fill(sheet, horizon, 1, new Rgb(0.13f, 0.24f, 0.28f), new Rgb(0.05f, 0.11f, 0.15f));
    }

    public static void Forest(Sheet sheet, WorldRandom random, float horizon)
    {
        Ground.Fill(sheet, -1, horizon + 0.1f, new Rgb(0.48f, 0.68f, 0.42f), new Rgb(0.82f, 0.90f, 0.62f));
        float[] far = [-0.62f, -0.20f, 0.26f, 0.66f];
        foreach (var lot in far)
            Trunk(sheet, lot + random.Range(-0.05f, 0.05f), horizon + 0.06f, 0.055f, new Rgb(0.52f, 0.50f, 0.36f));
        float[] near = [-0.90f, -0.44f, 0.48f, 0.92f];
        foreach (var lot in near)
            Trunk(sheet, lot + random.Range(-0.04f, 0.04f), horizon + 0.16f, 0.095f, new Rgb(0.36f, 0.24f, 0.14f));
        var leaves = Paint.Flat(new Rgb(0.13f, 0.38f, 0.16f));
        sheet.Grouped(() =>
        {
            for (var i = 0; i < 6; i++)
                sheet.Ellipse(-1 + 0.4f * i + random.Range(-0.06f, 0.06f), -0.98f + 0.05f * (i % 2), 0.30f, 0.26f, leaves);
        });
        Ground.Fill(sheet, horizon + 0.1f, 1, new Rgb(0.40f, 0.46f, 0.18f), new Rgb(0.26f, 0.28f, 0.11f));
        var fern = Paint.Mark(new Rgb(0.16f, 0.42f, 0.16f));
        for (var i = 0; i < 6; i++)
        {
            var (x, y) = (-0.85f + 0.34f * i + random.Range(-0.06f, 0.06f), horizon + 0.26f + 0.34f * (i % 2));
            for (var k = -2; k <= 2; k++)
                sheet.Capsule(x, y, x + k * 0.05f, y - 0.13f + Math.Abs(k) * 0.03f, 0.016f, fern);
        }
    }

    private static void Trunk(Sheet sheet, float x, float foot, float half, Rgb bark) =>
        sheet.Box(x, (foot - 1.2f) / 2, half, (foot + 1.2f) / 2, 0, new Paint(bark, Shade: 0.3f));
}
