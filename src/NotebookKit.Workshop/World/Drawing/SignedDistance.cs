using System.Numerics;

namespace NotebookKit.Workshop.World.Drawing;

/// <summary>
/// How far a row of points lies from a shape, negative inside. The formulas are those of the well-known exact distances to
/// capsule, rounded box and convex polygon; the ellipse's is right to first order, which is all an edge needs.
/// </summary>
internal static class SignedDistance
{
    /// <summary>Signed distance to the shape, and (u, v): where the point lies on the unit disc that the form is lit as.</summary>
    public static Vector<float> To(Shape s, Vector<float> x, Vector<float> y, out Vector<float> u, out Vector<float> v)
    {
        switch (s.Kind)
        {
            case ShapeKind.Ellipse:
                return Ellipse(s, x, y, out u, out v);
            case ShapeKind.Capsule:
                return Capsule(s, x, y, out u, out v);
            case ShapeKind.Box:
                return Box(s, x, y, out u, out v);
            case ShapeKind.Tube:
                return Tube(s, x, y, out u, out v);
            default:
                return Polygon(s, x, y, out u, out v);
        }
    }

    private static Vector<float> Ellipse(Shape s, Vector<float> x, Vector<float> y, out Vector<float> u, out Vector<float> v)
    {
        var (dx, dy) = (x - new Vector<float>(s.X), y - new Vector<float>(s.Y));
        u = (dx * s.Cos + dy * s.Sin) * (1 / s.Rx);
        v = (dy * s.Cos - dx * s.Sin) * (1 / s.Ry);
        // To first order the distance is f·(f − 1) / |∇|, f being the radius on the unit disc.
        var f = Vector.SquareRoot(u * u + v * v);
        var (gx, gy) = (u * (1 / s.Rx), v * (1 / s.Ry));
        var slope = Vector.SquareRoot(gx * gx + gy * gy) + new Vector<float>(1e-6f);
        return f * (f - Vector<float>.One) / slope;
    }

    private static Vector<float> Capsule(Shape s, Vector<float> x, Vector<float> y, out Vector<float> u, out Vector<float> v)
    {
        var (ex, ey) = (s.X2 - s.X1, s.Y2 - s.Y1);
        var (dx, dy) = (x - new Vector<float>(s.X1), y - new Vector<float>(s.Y1));
        var t = (dx * ex + dy * ey) * (1 / (ex * ex + ey * ey + 1e-12f));
        t = Vector.Min(Vector<float>.One, Vector.Max(Vector<float>.Zero, t));
        u = (dx - t * ex) * (1 / s.Radius);
        v = (dy - t * ey) * (1 / s.Radius);
        return (Vector.SquareRoot(u * u + v * v) - Vector<float>.One) * s.Radius;
    }

    private static Vector<float> Tube(Shape s, Vector<float> x, Vector<float> y, out Vector<float> u, out Vector<float> v)
    {
        var nearest = new Vector<float>(float.MaxValue);
        (u, v) = (Vector<float>.Zero, Vector<float>.Zero);
        for (var i = 0; i + 3 < s.Corners.Length; i += 2)
        {
            var (ax, ay) = (s.Corners[i], s.Corners[i + 1]);
            var (ex, ey) = (s.Corners[i + 2] - ax, s.Corners[i + 3] - ay);
            var (dx, dy) = (x - new Vector<float>(ax), y - new Vector<float>(ay));
            var t = (dx * ex + dy * ey) * (1 / (ex * ex + ey * ey + 1e-12f));
            t = Vector.Min(Vector<float>.One, Vector.Max(Vector<float>.Zero, t));
            var (px, py) = (dx - t * ex, dy - t * ey);
            var square = px * px + py * py;
            var nearer = Vector.LessThan(square, nearest);
            u = Vector.ConditionalSelect(nearer, px, u);
            v = Vector.ConditionalSelect(nearer, py, v);
            nearest = Vector.Min(nearest, square);
        }

        u *= 1 / s.Radius;
        v *= 1 / s.Radius;
        return Vector.SquareRoot(nearest) - new Vector<float>(s.Radius);
    }

    private static Vector<float> Box(Shape s, Vector<float> x, Vector<float> y, out Vector<float> u, out Vector<float> v)
    {
        var (dx, dy) = (x - new Vector<float>(s.X), y - new Vector<float>(s.Y));
        var (lx, ly) = (dx * s.Cos + dy * s.Sin, dy * s.Cos - dx * s.Sin);
        u = lx * (0.72f / s.Rx);
        v = ly * (0.72f / s.Ry);
        var qx = Vector.Abs(lx) - new Vector<float>(s.Rx - s.Radius);
        var qy = Vector.Abs(ly) - new Vector<float>(s.Ry - s.Radius);
        var (ox, oy) = (Vector.Max(qx, Vector<float>.Zero), Vector.Max(qy, Vector<float>.Zero));
        return Vector.SquareRoot(ox * ox + oy * oy) + Vector.Min(Vector<float>.Zero, Vector.Max(qx, qy)) - new Vector<float>(s.Radius);
    }

    private static Vector<float> Polygon(Shape s, Vector<float> x, Vector<float> y, out Vector<float> u, out Vector<float> v)
    {
        u = (x - new Vector<float>(s.X)) * (0.72f / s.Rx);
        v = (y - new Vector<float>(s.Y)) * (0.72f / s.Ry);
        var nearest = new Vector<float>(float.MaxValue);
        var outside = new Vector<float>(float.MinValue);
        var n = s.Corners.Length / 2;
        for (var i = 0; i < n; i++)
        {
            var j = i + 1 == n ? 0 : i + 1;
            var (ax, ay) = (s.Corners[2 * i], s.Corners[2 * i + 1]);
            var (ex, ey) = (s.Corners[2 * j] - ax, s.Corners[2 * j + 1] - ay);
            var square = ex * ex + ey * ey;
            var (dx, dy) = (x - new Vector<float>(ax), y - new Vector<float>(ay));
            var t = Vector.Min(Vector<float>.One, Vector.Max(Vector<float>.Zero, (dx * ex + dy * ey) * (1 / square)));
            var (px, py) = (dx - t * ex, dy - t * ey);
            nearest = Vector.Min(nearest, px * px + py * py);
            outside = Vector.Max(outside, (dx * ey - dy * ex) * (1 / MathF.Sqrt(square)));
        }

        // The nearest edge tells how far; the half planes of a convex polygon tell which side.
        var distance = Vector.SquareRoot(nearest);
        return Vector.ConditionalSelect(Vector.LessThan(outside, Vector<float>.Zero), -distance, distance) - new Vector<float>(s.Radius);
    }
}
