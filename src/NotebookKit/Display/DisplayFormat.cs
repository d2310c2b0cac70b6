using System.Globalization;
using System.Net;
using NotebookKit.Charts;
using NotebookKit.Images;

namespace NotebookKit.Display;

/// <summary>
/// What values look like in a notebook. Everything has a text form; pictures, figures, tables, panels and checks have
/// HTML that needs no script and no style sheet and is coloured by the page it stands in.
/// </summary>
public static class DisplayFormat
{
    /// <summary>The forms that exist, richest last.</summary>
    internal static readonly string[] MimeTypes = ["text/plain", "image/png", "image/jpeg", "application/vnd.plotly.v1+json", "text/html"];

    /// <summary>Every form of a value, by MIME type; binary forms in base64.</summary>
    /// <param name="value">Anything; null reads "null".</param>
    public static IReadOnlyDictionary<string, string> Mime(object? value)
    {
        var bundle = new Dictionary<string, string>();
        foreach (var mime in MimeTypes)
            if (As(mime, value) is { } text)
                bundle[mime] = text;
        return bundle;
    }

    /// <summary>Whether a value has forms of the kit's beyond text.</summary>
    internal static bool Knows(object? value) => value is RgbImage || RichHtml(value) is not null;

    /// <summary>One form of a value; null when it has none.</summary>
    internal static string? As(string mime, object? value) => mime switch
    {
        "text/html" => value is RgbImage ? null : RichHtml(value), // a picture shows everywhere; again in HTML, it would double a notebook
        "text/plain" => Text(value),
        "image/png" => ImageOf(value) is { } small && !Picture.IsLarge(small) ? Convert.ToBase64String(small.ToPng()) : null,
        "image/jpeg" => ImageOf(value) is { } large && Picture.IsLarge(large) ? Convert.ToBase64String(Picture.ToJpeg(large)) : null,
        "application/vnd.plotly.v1+json" => (value as Figure)?.ToPlotlyJson(),
        _ => null,
    };

    /// <summary>A value as HTML, whatever it is: text is escaped.</summary>
    internal static string Html(object? value) =>
        RichHtml(value) ?? $"<div style=\"white-space:pre-wrap\">{WebUtility.HtmlEncode(Text(value))}</div>";

    /// <summary>A value as text, the same on every machine.</summary>
    internal static string Text(object? value) => value switch
    {
        null => "null",
        string text => text,
        bool flag => flag ? "true" : "false",
        RgbImage image => string.Create(CultureInfo.InvariantCulture, $"picture of {image.Width} × {image.Height}"),
        IReadOnlyList<RgbImage> images => string.Create(CultureInfo.InvariantCulture, $"{images.Count} pictures"),
        double or float => NumberText.Short(Convert.ToDouble(value, CultureInfo.InvariantCulture)),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    /// <summary>A value as HTML when it has such a form; null when text is all there is.</summary>
    internal static string? RichHtml(object? value) => value switch
    {
        Figure figure => figure.ToSvg(),
        RgbImage image => new Picture(image).ToHtml(),
        IReadOnlyList<RgbImage> images => string.Concat(images.Select(i => new Picture(i).ToHtml() + " ")),
        Picture picture => picture.ToHtml(),
        DisplayTable table => table.ToHtml(),
        Panel panel => panel.ToHtml(),
        ProgressLine line => line.ToHtml(),
        CheckResult check => check.ToHtml(),
        FrameSlider slider => slider.ToHtml(),
        _ => null,
    };

    private static RgbImage? ImageOf(object? value) => value as RgbImage ?? (value as Picture)?.Image;
}
