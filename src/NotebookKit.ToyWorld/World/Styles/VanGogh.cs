using NotebookKit.ToyWorld.Drawing;

namespace NotebookKit.ToyWorld.Styles;

/// <summary>
/// Brush strokes in the manner of van Gogh. A stream function ψ, whose level lines ring two whirls in the sky and run in
/// waves below, says which way the brush goes: the picture is smeared along it (a line integral), and ridges of paint
/// follow it. On the figure the strokes go round its form. Random fine texture would be noise that no model can predict;
/// rings in nearly the same place are a style that it can learn.
/// </summary>
internal static class VanGogh
{
    private const int Taps = 6;

    public static void Apply(Canvas canvas, ulong seed)
    {
        var random = new WorldRandom(seed, 2);
        var field = new Field(
            (random.Range(-0.62f, -0.46f), random.Range(-0.62f, -0.48f)),
            (random.Range(0.50f, 0.66f), random.Range(-0.44f, -0.28f)),
            random.Range(0, 6.28f));
        var (r, g, b) = ((float[])canvas.R.Clone(), (float[])canvas.G.Clone(), (float[])canvas.B.Clone());
        var step = 0.018f / canvas.Pixel;
        for (var row = 0; row < canvas.Size; row++)
        {
            for (var column = 0; column < canvas.Size; column++)
            {
                var at = row * canvas.Stride + column;
                var (x, y) = ((column + 0.5f) * canvas.Pixel - 1, (row + 0.5f) * canvas.Pixel - 1);
                var (dx, dy, ridge) = field.At(x, y);
                var figure = canvas.Figure[at];
                var reach = step * (1 - 0.75f * figure);
                float sr = 0, sg = 0, sb = 0;
                for (var k = -Taps; k <= Taps; k++)
                {
                    var (u, v) = (column + dx * k * reach, row + dy * k * reach);
                    var from = Math.Clamp((int)(v + 0.5f), 0, canvas.Size - 1) * canvas.Stride + Math.Clamp((int)(u + 0.5f), 0, canvas.Size - 1);
                    sr += r[from];
                    sg += g[from];
                    sb += b[from];
                }

                const float mean = 1f / (2 * Taps + 1);
                // Light ridges turn to yellow, the grooves between them to blue; warm varnish over all.
                var relief = ridge * (0.115f - 0.05f * figure);
                canvas.R[at] = (sr * mean * 1.03f + relief * 1.05f) + 0.015f;
                canvas.G[at] = (sg * mean * 1.00f + relief * 0.95f) + 0.005f;
                canvas.B[at] = (sb * mean * 0.88f + relief * 0.25f);
            }
        }
    }

    /// <summary>The direction of the brush and the height of the paint at a point.</summary>
    private readonly struct Field((float X, float Y) first, (float X, float Y) second, float phase)
    {
        private const float Spacing = 0.15f;

        public (float Dx, float Dy, float Ridge) At(float x, float y)
        {
            const float h = 0.01f;
            var here = Stream(x, y);
            var (gx, gy) = (Stream(x + h, y) - here, Stream(x, y + h) - here);
            var length = MathF.Sqrt(gx * gx + gy * gy) + 1e-9f;
            return (-gy / length, gx / length, Wave(here / Spacing));
        }

        private float Stream(float x, float y)
        {
            var (ax, ay) = (x - first.X, y - first.Y);
            var (bx, by) = (x - second.X, y - second.Y);
            var a = MathF.Sqrt(ax * ax + ay * ay);
            var b = MathF.Sqrt(bx * bx + by * by);
            var plain = 0.55f - y * 0.9f + 0.10f * Wave(x * 0.6f + phase);
            return Smooth(Smooth(a, b, 0.25f), Math.Abs(plain - 0.1f) + 0.15f, 0.2f);
        }

        // The smaller of two distances, without the crease where they are equal.
        private static float Smooth(float a, float b, float width)
        {
            var t = Math.Clamp(0.5f + 0.5f * (b - a) / width, 0, 1);
            return b + (a - b) * t - width * t * (1 - t);
        }

        // A sine made of parabolas, period 1.
        private static float Wave(float t)
        {
            t -= MathF.Floor(t);
            return t < 0.5f ? 16 * t * (0.5f - t) : -16 * (t - 0.5f) * (1 - t);
        }
    }
}
