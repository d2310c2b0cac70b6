using System.Globalization;

namespace NotebookKit.Charts;

/// <summary>A figure in words, for those who do not see it.</summary>
internal static class FigureText
{
    public static string Describe(Figure figure)
    {
        var kind = figure.Traces.Select(t => t switch
        {
            LineTrace => "line chart",
            ScatterTrace => "scatter chart",
            BarTrace => "bar chart",
            _ => "heatmap",
        }).Distinct().DefaultIfEmpty("empty chart");
        var head = figure.Title.Length > 0 ? $"{figure.Title} ({string.Join(" and ", kind)})" : Capital(string.Join(" and ", kind));
        var axes = figure.Y.Title.Length > 0 && figure.X.Title.Length > 0 ? $": {figure.Y.Title} over {figure.X.Title}" : "";
        var traces = figure.Traces.Take(6).Select(Describe).Where(t => t.Length > 0);
        return string.Join("; ", traces.Prepend(head + axes)) + ".";
    }

    private static string Describe(Trace trace)
    {
        var name = trace.Name is null ? "" : trace.Name + " ";
        return trace switch
        {
            LineTrace { Y.Count: > 1 } line => $"{name}from {Number(line.Y[0])} to {Number(line.Y[^1])}",
            BarTrace { Values.Count: > 0 } bars => string.Create(CultureInfo.InvariantCulture, $"{name}{bars.Values.Count} bars between {Number(bars.Values.Min())} and {Number(bars.Values.Max())}"),
            ScatterTrace points => string.Create(CultureInfo.InvariantCulture, $"{name}{points.Y.Count} points"),
            HeatmapTrace map => string.Create(CultureInfo.InvariantCulture, $"{name}{map.Z.GetLength(0)} × {map.Z.GetLength(1)} values"),
            _ => trace.Name ?? "",
        };
    }

    private static string Number(double value) => value.ToString("G4", CultureInfo.InvariantCulture);

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
