using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using NotebookKit.Charts;
using NotebookKit.Images;

namespace NotebookKit.Display;

/// <summary>
/// What values look like in a notebook. Everything has a text form; pictures, charts, tables, panels and checks have
/// HTML that needs no script and no style sheet and is coloured by the page it stands in.
/// </summary>
public static class DisplayFormat
{
    /// <summary>The forms that exist, richest last.</summary>
    internal static readonly string[] MimeTypes = ["text/plain", "image/png", "image/jpeg", "application/vnd.plotly.v1+json", "text/html"];

    // A chart of hundreds of thousands of points: its drawing says the same, and the notebook can still be opened.
    private const int LargestPlotly = 2_000_000;

    /// <summary>
    /// Whether a value has a form of its own here: the kit's display types, pictures, tensors, and the charts of Plotly.NET
    /// and XPlot.Plotly. A host asks this for types that do not name their formatter themselves.
    /// </summary>
    /// <param name="value">Anything.</param>
    public static bool Knows(object? value) => value is RgbImage or IReadOnlyList<RgbImage> or Picture or DisplayTable or Panel
        or ProgressLine or CheckResult or FrameSlider
        || PlotlyJson.IsChart(value) || IsTensor(value);

    /// <summary>Every form of a value, by MIME type; binary forms in base64.</summary>
    /// <param name="value">Anything; null reads "null".</param>
    public static IReadOnlyDictionary<string, string> Mime(object? value)
    {
        var bundle = new Dictionary<string, string>();
        value = Written(value);
        foreach (var mime in MimeTypes)
            if (As(mime, value) is { } text)
                bundle[mime] = text;
        return bundle;
    }

    /// <summary>One form of a value; null when it has none.</summary>
    internal static string? As(string mime, object? value) => mime switch
    {
        "text/html" => value is RgbImage || IsTensor(value) ? null
            : RichHtml(value), // a picture shows everywhere; again in HTML, it would double a notebook
        "text/plain" => Text(value),
        "image/png" => ImageOf(value) is { } small && !Picture.IsLarge(small) ? Convert.ToBase64String(small.ToPng()) : null,
        "image/jpeg" => ImageOf(value) is { } large && Picture.IsLarge(large) ? Convert.ToBase64String(Picture.ToJpeg(large)) : null,
        "application/vnd.plotly.v1+json" => Written(value) is WrittenChart { Json: { Length: <= LargestPlotly } json } ? json : null,
        _ => null,
    };

    /// <summary>A value as HTML, whatever it is: text is escaped.</summary>
    internal static string Html(object? value) =>
        RichHtml(value) ?? $"<div style=\"white-space:pre-wrap\">{WebUtility.HtmlEncode(Text(value))}</div>";

    /// <summary>A value as text, the same on every machine.</summary>
    internal static string Text(object? value) => Written(value) switch
    {
        null => "null",
        string text => text,
        bool flag => flag ? "true" : "false",
        RgbImage image => string.Create(CultureInfo.InvariantCulture, $"picture of {image.Width} × {image.Height}"),
        _ when IsTensor(value) => TextOfTensor(value),
        WrittenChart { Figure: var chart } => $"{ChartText.Name(chart)}. {ChartText.Description(chart)}",
        IReadOnlyList<RgbImage> images => string.Create(CultureInfo.InvariantCulture, $"{images.Count} pictures"),
        double or float => NumberText.Short(Convert.ToDouble(value, CultureInfo.InvariantCulture)),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        var other => other.ToString() ?? "",
    };

    /// <summary>A value as HTML when it has such a form; null when text is all there is.</summary>
    internal static string? RichHtml(object? value) => Written(value) switch
    {
        RgbImage image => new Picture(image).ToHtml(),
        IReadOnlyList<RgbImage> images => string.Concat(images.Select(i => new Picture(i).ToHtml() + " ")),
        Picture picture => picture.ToHtml(),
        DisplayTable table => table.ToHtml(),
        Panel panel => panel.ToHtml(),
        ProgressLine line => line.ToHtml(),
        CheckResult check => check.ToHtml(),
        FrameSlider slider => slider.ToHtml(),
        WrittenChart { Figure: var chart } => SvgChart.Draw(chart),
        _ when ImageOf(value) is { } picture => new Picture(picture, Text(value)).ToHtml(),
        _ => null,
    };

    /// <summary>A chart as its JSON, written and read once for all its forms; any other value as it is.</summary>
    private static object? Written(object? value) =>
        PlotlyJson.Of(value) is { } json ? new WrittenChart(json, PlotlyReader.Read(json)) : value;

    private static RgbImage? ImageOf(object? value) =>
        value as RgbImage ?? (value as Picture)?.Image ?? (IsTensor(value) ? ImageOfTensor(value) : null);

    // By name: a value that is no tensor must not load TorchSharp.
    private static bool IsTensor(object? value) =>
        value?.GetType() is { } type && (type.FullName == "TorchSharp.torch+Tensor"
            || type.BaseType?.FullName == "TorchSharp.torch+Tensor"); // the second is a parameter

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string TextOfTensor(object? tensor) => TensorText.Of((TorchSharp.torch.Tensor)tensor!);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static RgbImage? ImageOfTensor(object? tensor) => TensorText.ImageOf((TorchSharp.torch.Tensor)tensor!);

    private sealed record WrittenChart(string Json, PlotlyFigure Figure);
}
