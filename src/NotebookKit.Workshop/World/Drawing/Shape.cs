namespace NotebookKit.Workshop.World.Drawing;

internal enum ShapeKind
{
    Ellipse,
    Capsule,
    Box,
    Polygon,
    Tube,
}

/// <summary>
/// One signed-distance primitive in picture coordinates: x and y in [-1, 1], y downwards. What the numbers mean depends
/// on the kind; the distance itself is computed in <see cref="SignedDistance"/>.
/// </summary>
internal sealed class Shape
{
    public required ShapeKind Kind { get; init; }

    public required Paint Paint { get; init; }

    /// <summary>Centre of an ellipse or box, or the middle of a polygon or tube.</summary>
    public float X, Y;

    /// <summary>Radii of an ellipse, half sides of a box, half extents of a polygon or tube.</summary>
    public float Rx, Ry;

    /// <summary>The turn of an ellipse or box.</summary>
    public float Cos = 1, Sin;

    /// <summary>Ends of a capsule.</summary>
    public float X1, Y1, X2, Y2;

    /// <summary>Radius of a capsule or tube, or of rounded corners.</summary>
    public float Radius;

    /// <summary>Corners of a convex polygon, clockwise on the screen, or the points a tube runs through: x0, y0, x1, y1 …</summary>
    public float[] Corners = [];

    /// <summary>Neighbours of one group share one contour, so that a crown of leaves has no lines inside.</summary>
    public int Group;

    /// <summary>True for the thing the picture is of, false for its surroundings.</summary>
    public bool IsFigure;

    /// <summary>Left, top, right and bottom of what it may cover.</summary>
    public (float Left, float Top, float Right, float Bottom) Bounds()
    {
        switch (Kind)
        {
            case ShapeKind.Capsule:
                return (Math.Min(X1, X2) - Radius, Math.Min(Y1, Y2) - Radius, Math.Max(X1, X2) + Radius, Math.Max(Y1, Y2) + Radius);
            case ShapeKind.Polygon or ShapeKind.Tube:
                return (X - Rx - Radius, Y - Ry - Radius, X + Rx + Radius, Y + Ry + Radius);
            case ShapeKind.Box:
                var (w, h) = (Math.Abs(Rx * Cos) + Math.Abs(Ry * Sin), Math.Abs(Rx * Sin) + Math.Abs(Ry * Cos));
                return (X - w, Y - h, X + w, Y + h);
            default:
                var ex = MathF.Sqrt(Rx * Cos * Rx * Cos + Ry * Sin * Ry * Sin);
                var ey = MathF.Sqrt(Rx * Sin * Rx * Sin + Ry * Cos * Ry * Cos);
                return (X - ex, Y - ey, X + ex, Y + ey);
        }
    }
}
