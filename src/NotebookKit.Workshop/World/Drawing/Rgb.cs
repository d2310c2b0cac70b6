namespace NotebookKit.Workshop.World.Drawing;

/// <summary>A colour of three floats in [0, 1].</summary>
internal readonly record struct Rgb(float R, float G, float B)
{
    public static readonly Rgb White = new(1, 1, 1);
    public static readonly Rgb Ink = new(.05f, .05f, .07f);

    /// <summary>How bright the eye finds it (Rec. 601 weights).</summary>
    public float Luminance => 0.299f * R + 0.587f * G + 0.114f * B;

    public static Rgb operator *(Rgb color, float factor) => new(color.R * factor, color.G * factor, color.B * factor);

    public Rgb Mix(Rgb other, float share) =>
        new(R + (other.R - R) * share, G + (other.G - G) * share, B + (other.B - B) * share);

    public static Rgb Grey(float value) => new(value, value, value);
}
