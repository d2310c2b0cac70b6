using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Styles;

/// <summary>What a hand and wet paper do: lines waver, washes are uneven.</summary>
internal static class Warp
{
    /// <summary>Moves every point a little along slow waves.</summary>
    public static void Waver(Canvas canvas, float amount, float phase)
    {
        var (r, g, b) = ((float[])canvas.R.Clone(), (float[])canvas.G.Clone(), (float[])canvas.B.Clone());
        var (last, reach) = (canvas.Size - 1, amount / canvas.Pixel);
        for (var row = 0; row <= last; row++)
        {
            var y = (row + 0.5f) * canvas.Pixel - 1;
            for (var column = 0; column <= last; column++)
            {
                var x = (column + 0.5f) * canvas.Pixel - 1;
                var u = column + reach * (Wave(y * 1.7f + x * 0.6f + phase) + 0.5f * Wave(y * 3.9f - x * 1.1f));
                var v = row + reach * (Wave(x * 1.5f - y * 0.7f + phase + 0.3f) + 0.5f * Wave(x * 4.3f + y * 0.9f));
                var at = row * canvas.Stride + column;
                canvas.R[at] = Read(r, canvas, u, v);
                canvas.G[at] = Read(g, canvas, u, v);
                canvas.B[at] = Read(b, canvas, u, v);
            }
        }
    }

    /// <summary>A sine made of parabolas, period 1.</summary>
    public static float Wave(float t)
    {
        t -= MathF.Floor(t);
        return t < 0.5f ? 16 * t * (0.5f - t) : -16 * (t - 0.5f) * (1 - t);
    }

    private static float Read(float[] plane, Canvas canvas, float x, float y)
    {
        x = Math.Clamp(x, 0, canvas.Size - 1.001f);
        y = Math.Clamp(y, 0, canvas.Size - 1.001f);
        var (column, row) = ((int)x, (int)y);
        var (fx, fy) = (x - column, y - row);
        var at = row * canvas.Stride + column;
        var upper = plane[at] + (plane[at + 1] - plane[at]) * fx;
        var lower = plane[at + canvas.Stride] + (plane[at + canvas.Stride + 1] - plane[at + canvas.Stride]) * fx;
        return upper + (lower - upper) * fy;
    }
}
