using Plotly.NET;
using Plotly.NET.CSharp;
using Plotly.NET.LayoutObjects;
using FSharpChart = Plotly.NET.Chart;

namespace NotebookKit.Charts;

/// <summary>What is long to write for Plotly.NET's charts in C#. As Plotly.NET's own functions, they change the chart and return
/// it.</summary>
public static class ChartExtensions
{
    /// <summary>With a title, and what the axes measure.</summary>
    /// <param name="chart">The chart.</param>
    /// <param name="title">What stands above it.</param>
    /// <param name="x">What the horizontal axis measures, with its unit; null leaves it.</param>
    /// <param name="y">What the vertical axis measures, with its unit; null leaves it.</param>
    public static GenericChart WithTitles(this GenericChart chart, string title, string? x = null, string? y = null)
    {
        chart = FSharpChart.withTitle(title, null).Invoke(chart);
        chart = x is null ? chart : chart.WithXAxisStyle<double, double, string>(TitleText: x);
        return y is null ? chart : chart.WithYAxisStyle<double, double, string>(TitleText: y);
    }

    /// <summary>With a logarithmic horizontal axis, for values that span decades; zero and below are left out.</summary>
    /// <param name="chart">The chart.</param>
    public static GenericChart WithLogX(this GenericChart chart) =>
        chart.WithXAxisStyle<double, double, string>(AxisType: StyleParam.AxisType.Log);

    /// <summary>With a logarithmic vertical axis, for values that span decades; zero and below are left out.</summary>
    /// <param name="chart">The chart.</param>
    public static GenericChart WithLogY(this GenericChart chart) =>
        chart.WithYAxisStyle<double, double, string>(AxisType: StyleParam.AxisType.Log);

    /// <summary>With the vertical axis from one value to another; after it was made logarithmic.</summary>
    /// <param name="chart">The chart.</param>
    /// <param name="min">Its lower end.</param>
    /// <param name="max">Its upper end.</param>
    public static GenericChart WithYRange(this GenericChart chart, double min, double max)
    {
        // Plotly wants the ends of a logarithmic axis as logarithms.
        var ends = Read(chart).Y.Log ? Tuple.Create(Math.Log10(min), Math.Log10(max)) : Tuple.Create(min, max);
        return chart.WithYAxisStyle<double, double, string>(MinMax: ends);
    }

    /// <summary>With a whisker at each value of a chart of one series: how far it may be off.</summary>
    /// <param name="chart">A line, points or columns.</param>
    /// <param name="errors">The distance from a value to either end of its whisker, in the value's unit; one for each.</param>
    /// <exception cref="BadInputException">There is not one error for each value.</exception>
    public static GenericChart WithErrors(this GenericChart chart, IEnumerable<double> errors)
    {
        var each = errors.ToList();
        if (Read(chart).Traces is [{ Y.Count: var values }] && values != each.Count)
            throw new BadInputException($"The series has {values} values, which take as many errors, not {each.Count}.");
        var error = new Plotly.NET.TraceObjects.Error();
        error.SetProperty("array", each);
        return FSharpChart.withYError(error).Invoke(chart);
    }

    /// <summary>A heatmap of which zero is the middle: grey, with one hue above it and another below.</summary>
    /// <param name="chart">A heatmap.</param>
    public static GenericChart WithZeroGrey(this GenericChart chart)
    {
        foreach (var trace in chart.GetTraces())
        {
            trace.SetProperty("zmid", 0);
            trace.SetProperty("colorscale", Palette.Scale(diverging: true));
            trace.SetProperty("autocolorscale", false);
        }

        return chart;
    }

    /// <summary>With a remark at a point, in the units of the axes; after an axis was made logarithmic.</summary>
    /// <param name="chart">The chart.</param>
    /// <param name="x">Where on the horizontal axis.</param>
    /// <param name="y">Where on the vertical axis.</param>
    /// <param name="text">A few words.</param>
    public static GenericChart WithNote(this GenericChart chart, double x, double y, string text)
    {
        var axes = Read(chart);
        var note = new Annotation();
        // Plotly wants places on a logarithmic axis as logarithms.
        note.SetProperty("x", axes.X.Log ? Math.Log10(x) : x);
        note.SetProperty("y", axes.Y.Log ? Math.Log10(y) : y);
        note.SetProperty("text", text);
        return FSharpChart.withAnnotation(note, null).Invoke(chart);
    }

    /// <summary>The chart as one inline SVG element: no script, no style sheet, right on light and dark pages and in print.</summary>
    /// <param name="chart">Any chart of Plotly.NET; what the drawing does not know it names.</param>
    public static string ToSvg(this GenericChart chart) => SvgChart.Draw(Read(chart));

    /// <summary>The chart as a page of its own that can be zoomed and hovered over, and needs no network.</summary>
    /// <param name="chart">Any chart of Plotly.NET.</param>
    public static string ToHtml(this GenericChart chart) => OfflinePage.Of(PlotlyJson.Of(chart)!);

    private static PlotlyFigure Read(GenericChart chart) => PlotlyReader.Read(PlotlyJson.Of(chart)!);
}
