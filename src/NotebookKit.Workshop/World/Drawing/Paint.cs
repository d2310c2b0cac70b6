
namespace NotebookKit.Workshop.World.Drawing;

/// <summary>What a shape is filled with.</summary>
/// <param name="Color">The colour in full light.</param>
/// <param name="Shade">How strongly the light models the form: 0 flat, 0.5 plush.</param>
/// <param name="Opacity">1 covers what lies beneath.</param>
/// <param name="Detail">A mark (pupil, whisker, plank line) rather than a form: no style draws a contour round it.</param>
/// <param name="Soft">Opacity falls off towards the rim: shadows, halos.</param>
/// <param name="Bottom">The colour at the shape's lower edge, for a vertical gradient.</param>
/// <param name="Stripe">A second colour in stripes across the shape.</param>
/// <param name="Stripes">How many stripes of the second colour the shape's height holds.</param>
internal readonly record struct Paint(
    Rgb Color,
    float Shade = 0.5f,
    float Opacity = 1,
    bool Detail = false,
    bool Soft = false,
    Rgb? Bottom = null,
    Rgb? Stripe = null,
    float Stripes = 0)
{
    /// <summary>A flat mark without contour.</summary>
    public static Paint Mark(Rgb color, float opacity = 1) => new(color, Shade: 0, Opacity: opacity, Detail: true);

    /// <summary>A flat form with contour.</summary>
    public static Paint Flat(Rgb color) => new(color, Shade: 0);

    /// <summary>A vertical gradient without modelling.</summary>
    public static Paint Gradient(Rgb top, Rgb bottom) => new(top, Shade: 0, Bottom: bottom);
}
