using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Figures;

/// <summary>A flower with eight petals on a stem with two leaves.</summary>
internal static class Flower
{
    public static void Draw(Sheet sheet, Rgb color, ToyColor name)
    {
        var green = new Paint(new Rgb(0.13f, 0.48f, 0.16f), Shade: 0.4f);
        var petal = new Paint(color, Shade: 0.4f);
        var heart = name is ToyColor.Yellow or ToyColor.Brown ? new Rgb(0.36f, 0.18f, 0.07f) : new Rgb(1.00f, 0.80f, 0.12f);
        if (name is ToyColor.Brown)
            heart = new Rgb(0.98f, 0.72f, 0.20f);
        sheet.Ellipse(0.02f, -0.02f, 0.42f, 0.09f, new Paint(Rgb.Ink, Opacity: 0.5f, Soft: true));
        sheet.Curve((0.02f, -0.04f), (-0.06f, -0.60f), (0, -1.30f), 0.055f, green, 6);
        sheet.Ellipse(0.30f, -0.46f, 0.30f, 0.13f, green, -0.55f);
        sheet.Ellipse(-0.32f, -0.56f, 0.30f, 0.13f, green, 0.55f);
        for (var i = 0; i < 8; i++)
        {
            var angle = i * MathF.PI / 4 + 0.2f;
            sheet.Ellipse(0.40f * Trig.Cos(angle), -1.40f + 0.40f * Trig.Sin(angle), 0.24f, 0.155f, petal, angle);
        }

        sheet.Circle(0, -1.40f, 0.25f, new Paint(heart, Shade: 0.4f));
    }
}
