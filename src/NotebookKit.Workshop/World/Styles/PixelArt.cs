using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Styles;

/// <summary>Square blocks, 32 to a side at any size, in few colours.</summary>
internal static class PixelArt
{
    /// <summary>Blocks to a side.</summary>
    public const int Blocks = 32;

    private const float Steps = 5; // six shades of each primary

    /// <summary>Enlarges a picture of 32×32 without smoothing.</summary>
    public static Canvas Enlarge(Canvas small, int size)
    {
        var canvas = new Canvas(size);
        for (var row = 0; row < size; row++)
        {
            for (var column = 0; column < size; column++)
            {
                var from = row * Blocks / size * small.Stride + column * Blocks / size;
                var at = row * canvas.Stride + column;
                canvas.R[at] = Step(small.R[from]);
                canvas.G[at] = Step(small.G[from]);
                canvas.B[at] = Step(small.B[from]);
            }
        }

        return canvas;
    }

    private static float Step(float value) => (int)(Math.Clamp(value, 0, 1) * Steps + 0.5f) / Steps;
}
