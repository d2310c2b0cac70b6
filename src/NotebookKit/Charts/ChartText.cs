using System.Globalization;

namespace NotebookKit.Charts;

/// <summary>A figure in words, for those who do not see it.</summary>
internal static class ChartText
{
    private const int MostSeries = 6, MostWords = 12;

    /// <summary>Its name and its kind: "Loss (line chart)".</summary>
    public static string Name(PlotlyFigure figure)
    {
        var kind = string.Join(" and ",
            figure.Traces.Select(KindOf).Distinct().DefaultIfEmpty(figure.Untold.FirstOrDefault("empty chart")));
        return figure.Title.Length > 0 ? $"{Svg.Cut(figure.Title, 200)} ({kind})" : char.ToUpperInvariant(kind[0]) + kind[1..];
    }

    /// <summary>What is plotted: the axes and their ends, then each series.</summary>
    public static string Description(PlotlyFigure figure)
    {
        var sentences = new List<string>();
        if (figure.Traces.Any(t => t.Kind != TraceKind.Heatmap))
        {
            sentences.Add(Axis("Across", figure.X, figure.Traces.SelectMany(t => t.X)));
            sentences.Add(Axis("Up", figure.Y, figure.Traces.SelectMany(t => t.Y)));
        }

        sentences.AddRange(figure.Traces.Where(t => t.Name.Length > 0 || t.Kind == TraceKind.Heatmap || figure.Traces.Count <= 2)
            .Take(MostSeries).Select(Series));
        if (figure.Traces.Count(t => t.Name.Length > 0) - MostSeries is > 0 and var more)
            sentences.Add(string.Create(CultureInfo.InvariantCulture, $"{more} more series."));
        sentences.AddRange(figure.Notes.Take(MostSeries).Select(note => $"At {NumberText.Short(note.X)}: {note.Text}."));
        if (figure.Untold.Count > 0)
            sentences.Add($"Not drawn: {string.Join(", ", figure.Untold)}.");
        return string.Join(' ', sentences);
    }

    private static string KindOf(PlotlyTrace trace) => trace.Kind switch
    {
        TraceKind.Bar => "bar chart",
        TraceKind.Heatmap => "heatmap",
        _ => trace.Lines ? "line chart" : "scatter chart",
    };

    private static string Axis(string way, PlotlyAxis axis, IEnumerable<double> values)
    {
        var title = axis.Title.Length > 0 ? Svg.Cut(axis.Title, 100) + (axis.Log ? " (logarithmic)" : "") : axis.Log ? "logarithmic"
            : "numbers";
        if (axis.Categories.Count > 0)
            return $"{way}: {(axis.Title.Length > 0 ? title + ", " : "")}"
                + string.Join(", ", axis.Categories.Take(MostWords).Select(c => Svg.Cut(c, 30)))
                + $"{(axis.Categories.Count > MostWords ? " and others" : "")}.";
        var (low, high) = Ends(values);
        return double.IsNaN(low) ? $"{way}: {title}."
            : $"{way}: {title}, from {NumberText.Short(axis.Min ?? low)} to {NumberText.Short(axis.Max ?? high)}.";
    }

    private static string Series(PlotlyTrace trace)
    {
        var values = trace.Kind == TraceKind.Heatmap ? trace.Z.Cast<double>() : trace.Horizontal ? trace.X : trace.Y;
        var (low, high) = Ends(values);
        var name = trace.Name.Length > 0 ? Svg.Cut(trace.Name, 60) : "Values";
        if (double.IsNaN(low))
            return $"{name}: nothing.";
        var between = $"between {NumberText.Short(low)} and {NumberText.Short(high)}";
        return trace.Kind switch
        {
            TraceKind.Heatmap => string.Create(CultureInfo.InvariantCulture,
                $"{name}: {trace.Z.GetLength(0)} × {trace.Z.GetLength(1)}, {between}."),
            TraceKind.Bar => string.Create(CultureInfo.InvariantCulture, $"{name}: {trace.X.Count} bars {between}."),
            _ when trace.Lines => $"{name}: from {NumberText.Short(trace.Y.First(double.IsFinite))} to "
                + $"{NumberText.Short(trace.Y.Last(double.IsFinite))}, {between}.",
            _ => string.Create(CultureInfo.InvariantCulture, $"{name}: {trace.Y.Count} points {between}."),
        };
    }

    private static (double Low, double High) Ends(IEnumerable<double> values)
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var value in values.Where(double.IsFinite))
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
        return low > high ? (double.NaN, double.NaN) : (low, high);
    }
}
