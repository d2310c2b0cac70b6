using System.Globalization;
using System.Net;
using NotebookKit.Images;

namespace NotebookKit.Display;

/// <summary>An image with a description for those who do not see it, and a width to show it at.</summary>
/// <param name="Image">The image.</param>
/// <param name="Description">One sentence: what is in it.</param>
/// <param name="Width">Pixels on the page; 0 is the image's own, at least 96 for the small pictures of a miniature model.</param>
[TypeFormatterSource]
public sealed record Picture(RgbImage Image, string Description = "", int Width = 0)
{
    private const int Smallest = 96;
    private const int LargestExact = 256 * 256;
    private const int Quality = 85;

    /// <summary>The description, or the size where there is none.</summary>
    public override string ToString() => Description.Length > 0 ? Description : DisplayFormat.Text(Image);

    /// <summary>Whether a picture is shown as JPEG: a notebook of many grids would be too large for the web as PNG.</summary>
    internal static bool IsLarge(RgbImage image) => image.Width * image.Height > LargestExact;

    /// <summary>A large picture as it is shown.</summary>
    internal static byte[] ToJpeg(RgbImage image) => image.ToJpeg(Quality);

    internal string ToHtml()
    {
        var width = Width > 0 ? Width : Math.Max(Image.Width, Smallest);
        // Enlarged pixels stay squares: a learner is to see what the model made.
        var sharp = width > Image.Width ? ";image-rendering:pixelated" : "";
        var (type, file) = IsLarge(Image) ? ("jpeg", ToJpeg(Image)) : ("png", Image.ToPng());
        return string.Create(CultureInfo.InvariantCulture,
            $"<img src=\"data:image/{type};base64,{Convert.ToBase64String(file)}\" width=\"{width}\" "
                + $"alt=\"{WebUtility.HtmlEncode(ToString())}\" style=\"display:inline-block;max-width:100%;height:auto{sharp}\">");
    }
}
