using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Figures;

/// <summary>A bath duck from the side, its beak to the right.</summary>
internal static class DuckToy
{
    public static void Draw(Sheet sheet, Rgb color, Accessory accessory)
    {
        var coat = new Paint(color);
        var beak = new Paint(new Rgb(1.00f, 0.50f, 0.05f), Shade: 0.4f);
        sheet.Ellipse(0.03f, -0.03f, 0.98f, 0.16f, new Paint(Rgb.Ink, Opacity: 0.5f, Soft: true));
        sheet.Grouped(() =>
        {
            sheet.Polygon(coat, 0.05f, (-0.95f, -0.98f), (-0.30f, -0.78f), (-0.62f, -0.34f));
            sheet.Ellipse(-0.02f, -0.50f, 0.84f, 0.49f, coat);
        });
        sheet.Ellipse(0.98f, -1.18f, 0.26f, 0.11f, beak, -0.10f);
        sheet.Ellipse(0.93f, -1.07f, 0.20f, 0.075f, beak with { Color = beak.Color * 0.8f }, 0.18f);
        sheet.Circle(0.42f, -1.24f, 0.46f, coat);
        Face.Eye(sheet, 0.56f, -1.36f, 0.165f, 0.6f);
        sheet.Ellipse(-0.14f, -0.56f, 0.40f, 0.25f, new Paint(Palette.Deep(color), Shade: 0.45f), -0.18f);
        if (accessory == Accessory.Hat)
            Wear.Hat(sheet, 0.36f, -1.62f, 0.50f);
    }
}
