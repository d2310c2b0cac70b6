using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Styles;

/// <summary>
/// Brush strokes in the manner of van Gogh. A stream function ψ, whose level lines ring two whirls in the sky and run in
/// waves below, says which way the brush goes: the ground is smeared along it (a line integral), and ridges of paint
/// follow it in dashes. On the figure the strokes go round its form. Random fine texture would be noise that no model can
/// predict; rings in nearly the same place are a style that it can learn.
/// </summary>
internal sealed class VanGogh
{
    private const int Taps = 5;
    private const float Reach = 0.055f; // how far the brush drags the paint to either side
    private const float Spacing = 0.250f; // from ridge to ridge on the ground
    private const float FigureSpacing = 0.230f;

    private readonly (float X, float Y) _first, _second, _figure;
    private readonly float _phase;

    /// <param name="seed">Moves the whirls a little.</param>
    /// <param name="figure">The middle of the figure, which its strokes go round.</param>
    public VanGogh(ulong seed, (float X, float Y) figure)
    {
        var random = new WorldRandom(seed, 2);
        _first = (random.Range(-0.60f, -0.54f), random.Range(-0.63f, -0.57f));
        _second = (random.Range(0.60f, 0.68f), random.Range(-0.43f, -0.37f));
        _phase = random.Range(0, 0.25f);
        _figure = figure;
    }

    /// <summary>Drags the paint of the ground along the level lines.</summary>
    public void Smear(Canvas canvas)
    {
        var (r, g, b) = ((float[])canvas.R.Clone(), (float[])canvas.G.Clone(), (float[])canvas.B.Clone());
        var (step, last) = (Reach / Taps / canvas.Pixel, canvas.Size - 1);
        for (var row = 0; row <= last; row++)
        {
            for (var column = 0; column <= last; column++)
            {
                var (dx, dy) = Direction((column + 0.5f) * canvas.Pixel - 1, (row + 0.5f) * canvas.Pixel - 1);
                float sr = 0, sg = 0, sb = 0;
                for (var k = -Taps; k <= Taps; k++)
                {
                    var u = Math.Clamp((int)(column + dx * k * step + 0.5f), 0, last);
                    var v = Math.Clamp((int)(row + dy * k * step + 0.5f), 0, last);
                    var from = v * canvas.Stride + u;
                    sr += r[from];
                    sg += g[from];
                    sb += b[from];
                }

                var at = row * canvas.Stride + column;
                const float mean = 1f / (2 * Taps + 1);
                (canvas.R[at], canvas.G[at], canvas.B[at]) = (sr * mean, sg * mean, sb * mean);
            }
        }
    }

    /// <summary>Lays ridges of paint over everything: light ones turn to yellow, the grooves between them to blue.</summary>
    public void Relief(Canvas canvas)
    {
        for (var row = 0; row < canvas.Size; row++)
        {
            for (var column = 0; column < canvas.Size; column++)
            {
                var at = row * canvas.Stride + column;
                var (x, y) = ((column + 0.5f) * canvas.Pixel - 1, (row + 0.5f) * canvas.Pixel - 1);
                var figure = canvas.Figure[at];
                var (fx, fy) = (x - _figure.X, (y - _figure.Y) * 0.8f);
                var relief = (1 - figure) * 0.115f * Stroke(Stream(x, y) / Spacing, x * 1.9f + y * 1.3f)
                    + figure * 0.075f * Stroke(MathF.Sqrt(fx * fx + fy * fy) / FigureSpacing, x * 2.2f - y * 1.7f);
                var (r, g, b) = (canvas.R[at], canvas.G[at], canvas.B[at]);
                var grey = 0.299f * r + 0.587f * g + 0.114f * b;
                // Colours a little stronger than life, under a warm varnish.
                canvas.R[at] = (grey + (r - grey) * 1.12f) * 1.01f + relief * 1.05f;
                canvas.G[at] = (grey + (g - grey) * 1.12f) * 0.98f + relief * 0.95f;
                canvas.B[at] = (grey + (b - grey) * 1.12f) * 0.88f + relief * 0.20f + 0.01f;
            }
        }
    }

    // Along the level line: across the gradient.
    private (float X, float Y) Direction(float x, float y)
    {
        const float h = 0.01f;
        var here = Stream(x, y);
        var (gx, gy) = (Stream(x + h, y) - here, Stream(x, y + h) - here);
        var length = MathF.Sqrt(gx * gx + gy * gy) + 1e-9f;
        return (-gy / length, gx / length);
    }

    private float Stream(float x, float y)
    {
        var a = Length(x - _first.X, y - _first.Y);
        var b = Length(x - _second.X, y - _second.Y);
        var waves = Math.Abs(0.45f - y * 0.9f + 0.09f * Warp.Wave(x * 0.6f + _phase)) + 0.15f;
        return Smaller(Smaller(a, b, 0.25f), waves, 0.2f);
    }

    /// <summary>A ridge every whole number of <paramref name="across"/>, broken into dashes, each row shifted against the last.</summary>
    private static float Stroke(float across, float along)
    {
        var row = MathF.Floor(across + 0.25f);
        var dash = 0.72f + 0.28f * Warp.Wave(along + row * 0.38f);
        return Warp.Wave(across + 0.5f) * dash;
    }

    private static float Length(float x, float y) => MathF.Sqrt(x * x + y * y);

    // The smaller of two distances, without the crease where they are equal.
    private static float Smaller(float a, float b, float width)
    {
        var t = Math.Clamp(0.5f + 0.5f * (b - a) / width, 0, 1);
        return b + (a - b) * t - width * t * (1 - t);
    }
}
