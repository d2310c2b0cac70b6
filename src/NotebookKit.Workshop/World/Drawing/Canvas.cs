using System.Numerics;
using System.Runtime.CompilerServices;

namespace NotebookKit.Workshop.World.Drawing;

/// <summary>
/// A square picture of three float planes and a fourth that says where the figure is. Shapes are painted by their signed
/// distance d: coverage is clip(0.5 − d / pixel), which antialiases every edge exactly one pixel wide at any size.
/// </summary>
internal sealed class Canvas
{
    // The light comes from the upper left, a little from the front (y points down).
    private const float LightX = -0.45f, LightY = -0.60f, LightZ = 0.66f;

    private readonly float[] _xs;

    public Canvas(int size)
    {
        Size = size;
        Pixel = 2f / size;
        Stride = (size + 15) / 16 * 16; // whole vectors in every row, whatever their width
        (R, G, B, Figure) = (new float[Stride * size], new float[Stride * size], new float[Stride * size], new float[Stride * size]);
        _xs = new float[Stride];
        for (var i = 0; i < Stride; i++)
            _xs[i] = (i + 0.5f) * Pixel - 1;
    }

    public int Size { get; }

    /// <summary>The width of one pixel in picture coordinates.</summary>
    public float Pixel { get; }

    /// <summary>Floats per row of a plane; at least <see cref="Size"/>.</summary>
    public int Stride { get; }

    public float[] R { get; }

    public float[] G { get; }

    public float[] B { get; }

    /// <summary>How much of each pixel the figure covers.</summary>
    public float[] Figure { get; }

    /// <summary>Paints the display list, contours and colours as the look says.</summary>
    public void Draw(IReadOnlyList<Shape> shapes, Look look)
    {
        for (var i = 0; i < shapes.Count;)
        {
            var end = i + 1;
            while (shapes[i].Group != 0 && end < shapes.Count && shapes[end].Group == shapes[i].Group)
                end++;
            for (var j = i; j < end; j++)
                Contour(shapes[j], look);
            for (var j = i; j < end; j++)
                Draw(shapes[j], look.Fill(shapes[j]), 0);
            i = end;
        }
    }

    /// <summary>The picture as bytes: red, green, blue, row by row.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Size * Size * 3];
        for (var y = 0; y < Size; y++)
        {
            var (from, to) = (y * Stride, y * Size * 3);
            for (var x = 0; x < Size; x++, from++, to += 3)
            {
                bytes[to] = (byte)(Math.Clamp(R[from], 0, 1) * 255 + 0.5f);
                bytes[to + 1] = (byte)(Math.Clamp(G[from], 0, 1) * 255 + 0.5f);
                bytes[to + 2] = (byte)(Math.Clamp(B[from], 0, 1) * 255 + 0.5f);
            }
        }

        return bytes;
    }

    private void Contour(Shape shape, Look look)
    {
        var width = shape.Paint.Detail || shape.Paint.Soft ? 0 : look.ContourWidth(shape);
        if (width > 0)
            Draw(shape, new Paint(look.ContourColor(shape), Shade: 0, Opacity: shape.Paint.Opacity), width);
    }

    private void Draw(Shape shape, Paint paint, float grow)
    {
        var (left, top, right, bottom) = shape.Bounds();
        var margin = grow + Pixel;
        var x0 = Math.Max(0, (int)((left - margin + 1) / Pixel)) / Vector<float>.Count * Vector<float>.Count;
        var x1 = Math.Min(Size, (int)((right + margin + 1) / Pixel) + 1);
        var y0 = Math.Max(0, (int)((top - margin + 1) / Pixel));
        var y1 = Math.Min(Size, (int)((bottom + margin + 1) / Pixel) + 1);
        var perPixel = 1 / Pixel;
        var (zero, one, half) = (Vector<float>.Zero, Vector<float>.One, new Vector<float>(0.5f));
        for (var row = y0; row < y1; row++)
        {
            var wy = (row + 0.5f) * Pixel - 1;
            var y = new Vector<float>(wy);
            for (var column = x0; column < x1; column += Vector<float>.Count)
            {
                var x = new Vector<float>(_xs, column);
                var d = SignedDistance.To(shape, x, y, out var u, out var v);
                var inside = u * u + v * v;
                var alpha = Vector.Min(one, Vector.Max(zero, half - (d - new Vector<float>(grow)) * perPixel));
                if (paint.Soft)
                {
                    alpha = Vector.Max(zero, one - inside);
                    alpha *= alpha;
                }

                if (Vector.EqualsAll(alpha, zero))
                    continue;
                alpha *= paint.Opacity;
                var down = Math.Clamp((wy - top) / (bottom - top), 0, 1);
                var (r, g, b) = Color(shape, paint, down, u, v, inside);
                var at = row * Stride + column;
                Blend(R, at, r, alpha);
                Blend(G, at, g, alpha);
                Blend(B, at, b, alpha);
                if (shape.IsFigure && !paint.Soft)
                    Blend(Figure, at, one, alpha);
            }
        }
    }

    // The colour of one vector of pixels: from top to bottom, stripes, light. "down" is how far down the shape's bounds the row is.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private (Vector<float> R, Vector<float> G, Vector<float> B) Color(
        Shape shape, Paint paint, float down, Vector<float> u, Vector<float> v, Vector<float> inside)
    {
        var (zero, one, half) = (Vector<float>.Zero, Vector<float>.One, new Vector<float>(0.5f));
        var (r, g, b) = (new Vector<float>(paint.Color.R), new Vector<float>(paint.Color.G), new Vector<float>(paint.Color.B));
        if (paint.Bottom is { } low)
        {
            var t = new Vector<float>(down);
            r += (new Vector<float>(low.R) - r) * t;
            g += (new Vector<float>(low.G) - g) * t;
            b += (new Vector<float>(low.B) - b) * t;
        }

        if (paint.Stripe is { } stripe)
        {
            // A triangle wave down the shape, cut at half height with an edge one pixel wide.
            var phase = (v + one) * (0.5f * paint.Stripes);
            var wave = Vector.Abs(phase - Vector.Floor(phase) - half);
            var edge = new Vector<float>(2 * shape.Ry / paint.Stripes * (1 / Pixel));
            var share = Vector.Min(one, Vector.Max(zero, half + (new Vector<float>(0.25f) - wave) * edge));
            r += (new Vector<float>(stripe.R) - r) * share;
            g += (new Vector<float>(stripe.G) - g) * share;
            b += (new Vector<float>(stripe.B) - b) * share;
        }

        if (paint.Shade > 0)
        {
            var light = Light(shape, u, v, inside, paint.Shade);
            r *= light;
            g *= light;
            b *= light;
        }

        return (r, g, b);
    }

    private static void Blend(float[] plane, int at, Vector<float> color, Vector<float> alpha)
    {
        var old = new Vector<float>(plane, at);
        (old + (color - old) * alpha).CopyTo(plane, at);
    }

    /// <summary>Lambert's law on the half sphere that (u, v) is the plan of: 1 − s + s·clip(1.25·n·l + 0.15, 0, 1.35).</summary>
    private static Vector<float> Light(Shape shape, Vector<float> u, Vector<float> v, Vector<float> inside, float strength)
    {
        // The light is turned into the shape's own axes instead of turning every normal out of them.
        var lx = LightX * shape.Cos + LightY * shape.Sin;
        var ly = -LightX * shape.Sin + LightY * shape.Cos;
        var nz = Vector.SquareRoot(Vector.Max(Vector<float>.Zero, Vector<float>.One - inside));
        var lambert = u * lx + v * ly + nz * LightZ;
        var lit = Vector.Min(new Vector<float>(1.35f), Vector.Max(Vector<float>.Zero, lambert * 1.25f + new Vector<float>(0.15f)));
        return new Vector<float>(1 - strength) + lit * strength;
    }
}
