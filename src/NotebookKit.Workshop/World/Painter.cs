using NotebookKit.Images;
using NotebookKit.Workshop.World.Drawing;
using NotebookKit.Workshop.World.Figures;
using NotebookKit.Workshop.World.Styles;

namespace NotebookKit.Workshop.World;

/// <summary>
/// Paints scenes. Every shape is a signed-distance primitive with analytic antialiasing, so a picture is the same at any
/// size, only sharper. Same scene and size, same bytes, on any machine and any number of threads.
/// </summary>
public static class Painter
{
    /// <summary>Paints a scene.</summary>
    /// <param name="scene">What to paint.</param>
    /// <param name="size">Width and height in pixels, 16 or more; the world is made for 64 to 512.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is below 16.</exception>
    public static RgbImage Paint(Scene scene, int size) => new(size, size, PaintRgb(scene, size));

    /// <summary>Paints a scene as bytes: red, green, blue, row by row.</summary>
    /// <param name="scene">What to paint.</param>
    /// <param name="size">Width and height in pixels, 16 or more; the world is made for 64 to 512.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is below 16.</exception>
    public static byte[] PaintRgb(Scene scene, int size)
    {
        ArgumentNullException.ThrowIfNull(scene);
        return Render(
            sheet =>
            {
                Ground.Draw(sheet, scene.Background, scene.Seed);
                Cast.Draw(sheet, scene);
            },
            scene.Style, scene.Seed, scene.View, size);
    }

    /// <summary>Paints whatever a drawing puts on the sheet, in a style.</summary>
    internal static byte[] Render(Action<Sheet> draw, Style style, ulong seed, View view, int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 16);
        var sheet = new Sheet();
        draw(sheet);
        var canvas = new Canvas(size);
        switch (style)
        {
            case Style.OilPainting:
                // The ground is smeared before the figure is set upon it, or the figure would bleed into it.
                var brush = new VanGogh(seed, (view.X, view.Base - view.Height));
                canvas.Draw([.. sheet.Shapes.Where(s => !s.IsFigure)], Look.Oil);
                brush.Smear(canvas);
                canvas.Draw([.. sheet.Shapes.Where(s => s.IsFigure)], Look.Oil);
                brush.Relief(canvas);
                break;
            case Style.PencilSketch:
                canvas.Draw(sheet.Shapes, Look.Pencil);
                break;
            case Style.Watercolor:
                canvas.Draw(sheet.Shapes, Look.Watercolor);
                Watercolor.Apply(canvas, seed);
                break;
            case Style.PixelArt:
                var blocks = new Canvas(PixelArt.Blocks);
                blocks.Draw(sheet.Shapes, Look.Pixel);
                canvas = PixelArt.Enlarge(blocks, size);
                break;
            case Style.InkWash:
                canvas.Draw(sheet.Shapes, Look.Ink);
                InkWash.Apply(canvas, seed);
                break;
            default:
                canvas.Draw(sheet.Shapes, Look.Photo);
                break;
        }

        return canvas.ToBytes();
    }
}
