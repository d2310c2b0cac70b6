using NotebookKit.Display;

namespace NotebookKit.Charts;

/// <summary>
/// A chart as data: series, axes, remarks. It draws itself as SVG, which is right on a static page and offline, and as
/// Plotly JSON for hosts that can do more.
/// </summary>
/// <example><c>Figure.Line(loss, "loss").Titled("Training", x: "step", y: "loss").WithLogY()</c></example>
[TypeFormatterSource(typeof(KitFormatters))]
public sealed record Figure
{
    /// <summary>What stands above the chart.</summary>
    public string Title { get; init; } = "";

    /// <summary>The horizontal axis.</summary>
    public Axis X { get; init; } = new();

    /// <summary>The vertical axis.</summary>
    public Axis Y { get; init; } = new();

    /// <summary>The series, drawn in this order.</summary>
    public IReadOnlyList<Trace> Traces { get; init; } = [];

    /// <summary>Remarks at points.</summary>
    public IReadOnlyList<Annotation> Annotations { get; init; } = [];

    /// <summary>Width in pixels, at most 700.</summary>
    public int Width { get; init; } = 640;

    /// <summary>Height in pixels.</summary>
    public int Height { get; init; } = 340;

    /// <summary>A line over 0, 1, 2, …</summary>
    /// <param name="y">The values.</param>
    /// <param name="name">What the legend calls it.</param>
    public static Figure Line(IEnumerable<double> y, string? name = null) => new Figure().AddLine(y, name);

    /// <summary>A line over given places.</summary>
    /// <param name="x">The places; as many as values.</param>
    /// <param name="y">The values.</param>
    /// <param name="name">What the legend calls it.</param>
    /// <exception cref="BadInputException">The two differ in length.</exception>
    public static Figure Line(IEnumerable<double> x, IEnumerable<double> y, string? name = null) => new Figure().AddLine(x, y, name);

    /// <summary>Points.</summary>
    /// <param name="x">The places; as many as values.</param>
    /// <param name="y">The values.</param>
    /// <param name="name">What the legend calls them.</param>
    /// <exception cref="BadInputException">The two differ in length.</exception>
    public static Figure Scatter(IEnumerable<double> x, IEnumerable<double> y, string? name = null) => new Figure().AddScatter(x, y, name);

    /// <summary>Bars.</summary>
    /// <param name="labels">What stands below each bar; as many as values.</param>
    /// <param name="values">The heights, from zero.</param>
    /// <param name="name">What the legend calls them.</param>
    /// <exception cref="BadInputException">The two differ in length.</exception>
    public static Figure Bar(IEnumerable<string> labels, IEnumerable<double> values, string? name = null) => new Figure().AddBar(labels, values, name);

    /// <summary>A matrix as colours.</summary>
    /// <param name="z">The values (rows, columns), row 0 on top.</param>
    /// <param name="xLabels">One label per column, or none.</param>
    /// <param name="yLabels">One label per row, or none.</param>
    /// <exception cref="BadInputException">There are labels, but not one for each.</exception>
    public static Figure Heatmap(double[,] z, IReadOnlyList<string>? xLabels = null, IReadOnlyList<string>? yLabels = null)
    {
        if (xLabels is { Count: > 0 } && xLabels.Count != z.GetLength(1))
            throw new BadInputException($"A heatmap of {z.GetLength(1)} columns takes as many xLabels, not {xLabels.Count}.");
        if (yLabels is { Count: > 0 } && yLabels.Count != z.GetLength(0))
            throw new BadInputException($"A heatmap of {z.GetLength(0)} rows takes as many yLabels, not {yLabels.Count}.");
        return new Figure().Add(new HeatmapTrace(z) { XLabels = xLabels ?? [], YLabels = yLabels ?? [] });
    }

    /// <summary>With one more series.</summary>
    /// <param name="trace">The series.</param>
    public Figure Add(Trace trace) => this with { Traces = [.. Traces, trace] };

    /// <summary>With one more line, over 0, 1, 2, …</summary>
    /// <param name="y">The values.</param>
    /// <param name="name">What the legend calls it.</param>
    /// <param name="opacity">From 0 to 1: pale for raw values behind their average.</param>
    public Figure AddLine(IEnumerable<double> y, string? name = null, double opacity = 1)
    {
        var values = y.ToList();
        return AddLine(Enumerable.Range(0, values.Count).Select(i => (double)i), values, name, opacity);
    }

    /// <summary>With one more line.</summary>
    /// <param name="x">The places; as many as values.</param>
    /// <param name="y">The values.</param>
    /// <param name="name">What the legend calls it.</param>
    /// <param name="opacity">From 0 to 1: pale for raw values behind their average.</param>
    /// <param name="dashed">For a reference or a bound.</param>
    /// <param name="color">A CSS colour; null takes the next of the palette.</param>
    /// <exception cref="BadInputException">The two differ in length.</exception>
    public Figure AddLine(IEnumerable<double> x, IEnumerable<double> y, string? name = null, double opacity = 1, bool dashed = false, string? color = null)
    {
        var (places, values) = Same(x, y);
        return Add(new LineTrace(places, values) { Name = name, Opacity = opacity, Dashed = dashed, Color = color });
    }

    /// <summary>With more points.</summary>
    /// <param name="x">The places; as many as values.</param>
    /// <param name="y">The values.</param>
    /// <param name="name">What the legend calls them.</param>
    /// <exception cref="BadInputException">The two differ in length.</exception>
    public Figure AddScatter(IEnumerable<double> x, IEnumerable<double> y, string? name = null)
    {
        var (places, values) = Same(x, y);
        return Add(new ScatterTrace(places, values) { Name = name });
    }

    /// <summary>With more bars, beside those that are there.</summary>
    /// <param name="labels">What stands below each bar; as many as values.</param>
    /// <param name="values">The heights, from zero.</param>
    /// <param name="name">What the legend calls them.</param>
    /// <exception cref="BadInputException">The two differ in length.</exception>
    public Figure AddBar(IEnumerable<string> labels, IEnumerable<double> values, string? name = null)
    {
        var (below, heights) = Same(labels, values);
        return Add(new BarTrace(below, heights) { Name = name });
    }

    /// <summary>The newest series with a whisker at each value: how far it may be off.</summary>
    /// <param name="errors">The distance from a value to either end of its whisker, in the value's unit; one for each.</param>
    /// <exception cref="BadInputException">There is no series of points, or not one error for each value.</exception>
    public Figure WithErrors(IEnumerable<double> errors)
    {
        var (last, each) = (Traces.LastOrDefault(), errors.ToList());
        var values = last switch { LineTrace line => line.Y.Count, ScatterTrace points => points.Y.Count, BarTrace bars => bars.Values.Count, _ => 0 };
        if (values != each.Count || last is null)
            throw new BadInputException($"The newest series has {values} values, which take as many errors, not {each.Count}.");
        return this with { Traces = [.. Traces.SkipLast(1), last with { Errors = each }] };
    }

    /// <summary>With a title, and what the axes measure.</summary>
    /// <param name="title">What stands above the chart.</param>
    /// <param name="x">What the horizontal axis measures; null leaves it.</param>
    /// <param name="y">What the vertical axis measures; null leaves it.</param>
    public Figure Titled(string title, string? x = null, string? y = null) =>
        this with { Title = title, X = X with { Title = x ?? X.Title }, Y = Y with { Title = y ?? Y.Title } };

    /// <summary>With a logarithmic horizontal axis.</summary>
    public Figure WithLogX() => this with { X = X with { Log = true } };

    /// <summary>With a logarithmic vertical axis.</summary>
    public Figure WithLogY() => this with { Y = Y with { Log = true } };

    /// <summary>With the vertical axis from and to given values; null takes the data's.</summary>
    /// <param name="min">Its lower end.</param>
    /// <param name="max">Its upper end.</param>
    public Figure WithYRange(double? min, double? max) => this with { Y = Y with { Min = min, Max = max } };

    /// <summary>With a remark at a point.</summary>
    /// <param name="x">Where on the horizontal axis.</param>
    /// <param name="y">Where on the vertical axis.</param>
    /// <param name="text">A few words.</param>
    public Figure Annotate(double x, double y, string text) => this with { Annotations = [.. Annotations, new Annotation(x, y, text)] };

    /// <summary>The figure as one inline SVG element: no script, no style sheet, colours for light and dark pages.</summary>
    public string ToSvg() => new SvgFigure(this).Draw();

    /// <summary>The figure as <c>application/vnd.plotly.v1+json</c>: <c>{"data": […], "layout": {…}}</c>.</summary>
    public string ToPlotlyJson() => PlotlyFigure.Write(this);

    /// <summary>What the figure shows, in a sentence: its alternative text.</summary>
    public override string ToString() => FigureText.Describe(this);

    private static (List<T> X, List<double> Y) Same<T>(IEnumerable<T> x, IEnumerable<double> y)
    {
        var (places, values) = (x.ToList(), y.ToList());
        return places.Count == values.Count
            ? (places, values)
            : throw new BadInputException($"A series needs one place for each value, not {places.Count} places for {values.Count} values.");
    }
}
