namespace NotebookKit.Workshop.World.Drawing;

/// <summary>
/// The display list of a picture: shapes in painting order, placed by a movable frame. Figures are built in their own
/// coordinates (base at y = 0, about two units high, y downwards so that up is negative) and the frame carries them into
/// the picture.
/// </summary>
internal sealed class Sheet
{
    private readonly List<Shape> _shapes = [];
    private float _x, _y, _scale = 1, _mirror = 1;
    private int _group, _groups;
    private bool _figure;

    public IReadOnlyList<Shape> Shapes => _shapes;

    /// <summary>From here on shapes stand in a frame at (x, y) of the picture, scaled, and mirrored where asked.</summary>
    public void Frame(float x, float y, float scale, bool mirrored, bool figure)
    {
        (_x, _y, _scale, _mirror, _figure) = (x, y, scale, mirrored ? -1 : 1, figure);
    }

    public void Ellipse(float x, float y, float rx, float ry, Paint paint, float angle = 0) =>
        Add(new Shape
        {
            Kind = ShapeKind.Ellipse,
            Paint = paint,
            X = PlaceX(x),
            Y = PlaceY(y),
            Rx = rx * _scale,
            Ry = ry * _scale,
            Cos = Trig.Cos(angle),
            Sin = Trig.Sin(angle) * _mirror,
        });

    public void Circle(float x, float y, float radius, Paint paint) => Ellipse(x, y, radius, radius, paint);

    public void Box(float x, float y, float halfWidth, float halfHeight, float corner, Paint paint, float angle = 0) =>
        Add(new Shape
        {
            Kind = ShapeKind.Box,
            Paint = paint,
            X = PlaceX(x),
            Y = PlaceY(y),
            Rx = halfWidth * _scale,
            Ry = halfHeight * _scale,
            Radius = corner * _scale,
            Cos = Trig.Cos(angle),
            Sin = Trig.Sin(angle) * _mirror,
        });

    public void Capsule(float x1, float y1, float x2, float y2, float radius, Paint paint) =>
        Add(new Shape
        {
            Kind = ShapeKind.Capsule,
            Paint = paint,
            X1 = PlaceX(x1),
            Y1 = PlaceY(y1),
            X2 = PlaceX(x2),
            Y2 = PlaceY(y2),
            Radius = radius * _scale,
        });

    /// <summary>A convex polygon; <paramref name="corner"/> is added all round and rounds the corners.</summary>
    public void Polygon(Paint paint, float corner, params ReadOnlySpan<(float X, float Y)> corners) =>
        Add(Along(ShapeKind.Polygon, paint, corner, corners));

    /// <summary>A tube along a quadratic Bézier curve.</summary>
    public void Curve((float X, float Y) from, (float X, float Y) bend, (float X, float Y) to, float radius, Paint paint, int pieces = 7)
    {
        Span<(float X, float Y)> points = stackalloc (float, float)[pieces + 1];
        for (var i = 0; i <= pieces; i++)
        {
            var t = (float)i / pieces;
            var (a, b, c) = ((1 - t) * (1 - t), 2 * t * (1 - t), t * t);
            points[i] = (a * from.X + b * bend.X + c * to.X, a * from.Y + b * bend.Y + c * to.Y);
        }

        Add(Along(ShapeKind.Tube, paint, radius, points));
    }

    /// <summary>What is drawn inside shares one contour.</summary>
    public void Grouped(Action draw)
    {
        var outer = _group;
        if (outer == 0)
            _group = ++_groups;
        draw();
        _group = outer;
    }

    private void Add(Shape shape)
    {
        shape.Group = _group;
        shape.IsFigure = _figure;
        _shapes.Add(shape);
    }

    private Shape Along(ShapeKind kind, Paint paint, float radius, ReadOnlySpan<(float X, float Y)> places)
    {
        var points = new float[places.Length * 2];
        float left = float.MaxValue, top = float.MaxValue, right = float.MinValue, bottom = float.MinValue;
        for (var i = 0; i < places.Length; i++)
        {
            var (x, y) = (PlaceX(places[i].X), PlaceY(places[i].Y));
            (points[2 * i], points[2 * i + 1]) = (x, y);
            (left, right) = (Math.Min(left, x), Math.Max(right, x));
            (top, bottom) = (Math.Min(top, y), Math.Max(bottom, y));
        }

        return new Shape
        {
            Kind = kind,
            Paint = paint,
            Corners = kind == ShapeKind.Polygon ? Clockwise(points) : points,
            X = (left + right) / 2,
            Y = (top + bottom) / 2,
            Rx = (right - left) / 2,
            Ry = (bottom - top) / 2,
            Radius = radius * _scale,
        };
    }

    private float PlaceX(float x) => _x + _mirror * _scale * x;

    private float PlaceY(float y) => _y + _scale * y;

    private static float[] Clockwise(float[] points)
    {
        var area = 0f;
        var n = points.Length / 2;
        for (var i = 0; i < n; i++)
        {
            var j = (i + 1) % n;
            area += points[2 * i] * points[2 * j + 1] - points[2 * j] * points[2 * i + 1];
        }

        if (area >= 0)
            return points;
        var turned = new float[points.Length];
        for (var i = 0; i < n; i++)
            (turned[2 * i], turned[2 * i + 1]) = (points[2 * (n - 1 - i)], points[2 * (n - 1 - i) + 1]);
        return turned;
    }
}
