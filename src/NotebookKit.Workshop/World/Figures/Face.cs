using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Figures;

/// <summary>Eyes, noses and mouths: large and without fine lines, for a face must be read at 64 pixels.</summary>
internal static class Face
{
    /// <summary>A round eye with a white; <paramref name="look"/> moves the pupil sideways, -1 to 1.</summary>
    public static void Eye(Sheet sheet, float x, float y, float radius, float look)
    {
        sheet.Ellipse(x, y, radius * 1.1f, radius * 1.25f, Paint.Mark(Rgb.White));
        sheet.Ellipse(x + look * radius * 0.25f, y + radius * 0.1f, radius * 0.68f, radius * 0.82f, Paint.Mark(Rgb.Ink));
    }

    /// <summary>A cat's eye: an almond with an upright slit.</summary>
    public static void CatEye(Sheet sheet, float x, float y, float radius, float look)
    {
        sheet.Ellipse(x, y, radius * 1.22f, radius * 1.05f, Paint.Mark(new Rgb(0.80f, 0.95f, 0.30f)));
        sheet.Ellipse(x + look * radius * 0.25f, y, radius * 0.48f, radius * 0.92f, Paint.Mark(Rgb.Ink));
    }

    /// <summary>A black bead on a light rim that keeps it visible on dark fur.</summary>
    public static void Bead(Sheet sheet, float x, float y, float radius, Rgb rim)
    {
        sheet.Circle(x, y, radius + 0.05f, Paint.Mark(rim));
        sheet.Circle(x, y, radius, Paint.Mark(Rgb.Ink));
    }

    /// <summary>A smile under a nose: a short stem and two arcs.</summary>
    public static void Smile(Sheet sheet, float x, float y, float width, float line = 0.036f)
    {
        var ink = Paint.Mark(new Rgb(0.20f, 0.10f, 0.10f));
        sheet.Capsule(x, y, x, y + width * 0.35f, line, ink);
        sheet.Curve((x, y + width * 0.35f), (x - width * 0.5f, y + width * 0.85f), (x - width, y + width * 0.25f), line, ink, 4);
        sheet.Curve((x, y + width * 0.35f), (x + width * 0.5f, y + width * 0.85f), (x + width, y + width * 0.25f), line, ink, 4);
    }

    /// <summary>Two whiskers to each side.</summary>
    public static void Whiskers(Sheet sheet, float x, float y, float from, float length)
    {
        var hair = Paint.Mark(new Rgb(0.13f, 0.11f, 0.13f));
        for (var side = -1; side <= 1; side += 2)
        {
            for (var i = -1; i <= 1; i += 2)
                sheet.Capsule(x + side * from, y + i * 0.045f, x + side * (from + length), y + i * 0.10f - 0.02f, 0.026f, hair);
        }
    }
}
