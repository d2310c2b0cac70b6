using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Figures;

/// <summary>A dog on four legs from the side, looking to the right.</summary>
internal static class StandingDog
{
    public static void Draw(Sheet sheet, Rgb color, Accessory accessory)
    {
        var coat = new Paint(color);
        var far = coat with { Color = Palette.Deep(color) };
        sheet.Ellipse(0, -0.02f, 0.98f, 0.13f, new Paint(Rgb.Ink, Opacity: 0.5f, Soft: true));
        sheet.Capsule(-0.42f, -0.70f, -0.38f, -0.13f, 0.115f, far);
        sheet.Capsule(0.28f, -0.70f, 0.34f, -0.13f, 0.115f, far);
        sheet.Curve((-0.66f, -0.98f), (-0.98f, -1.04f), (-1.02f, -1.48f), 0.08f, coat, 6);
        sheet.Grouped(() =>
        {
            sheet.Capsule(0.36f, -0.92f, 0.55f, -1.25f, 0.21f, coat);
            sheet.Capsule(-0.44f, -0.84f, 0.34f, -0.86f, 0.32f, coat);
            sheet.Capsule(-0.62f, -0.70f, -0.60f, -0.13f, 0.125f, coat);
            sheet.Capsule(0.50f, -0.70f, 0.54f, -0.13f, 0.125f, coat);
        });
        sheet.Ellipse(-0.04f, -0.66f, 0.40f, 0.13f, new Paint(Palette.Pale(color), Shade: 0.3f, Detail: true));
        sheet.Capsule(0.30f, -1.18f, 0.62f, -1.04f, 0.065f, Paint.Mark(new Rgb(0.10f, 0.12f, 0.20f)));
        sheet.Grouped(() =>
        {
            sheet.Ellipse(0.95f, -1.32f, 0.26f, 0.17f, coat with { Color = Palette.Pale(color) });
            sheet.Ellipse(0.64f, -1.45f, 0.36f, 0.34f, coat);
        });
        sheet.Ellipse(0.98f, -1.30f, 0.22f, 0.145f, new Paint(Palette.Pale(color), Shade: 0.3f, Detail: true));
        sheet.Ellipse(1.14f, -1.39f, 0.095f, 0.08f, Paint.Mark(Rgb.Ink));
        sheet.Curve((0.84f, -1.20f), (0.98f, -1.16f), (1.12f, -1.24f), 0.040f, Paint.Mark(new Rgb(0.20f, 0.10f, 0.10f)), 4);
        Face.Eye(sheet, 0.74f, -1.53f, 0.150f, 0.5f);
        sheet.Ellipse(0.42f, -1.32f, 0.16f, 0.37f, new Paint(Palette.Deep(color)), 0.16f);
        if (accessory == Accessory.Hat)
            Wear.Hat(sheet, 0.62f, -1.74f, 0.42f);
    }
}
