using System.Globalization;
using NotebookKit.Charts;
using Plotly.NET.CSharp;
using GenericChart = Plotly.NET.GenericChart;
using StyleParam = Plotly.NET.StyleParam;

namespace NotebookKit.Tests.Charts;

/// <summary>The still drawing of charts that are written with Plotly.NET and XPlot.</summary>
public sealed class SvgChartTests
{
    public SvgChartTests() => ChartStyle.Apply(); // whatever another test has set

    [Fact]
    public void A_line_passes_through_its_points()
    {
        var drawn = new Drawn(Line([0, 10, 5]));
        var points = drawn.Line;
        Assert.Equal(3, points.Count);
        Assert.Equal(points[1].X - points[0].X, points[2].X - points[1].X, 0.2);
        // Twice the value is twice the height; SVG's y grows downwards.
        Assert.Equal((points[0].Y - points[1].Y) / 2, points[0].Y - points[2].Y, 0.2);
        Assert.Equal("currentColor", drawn.Root.Attribute("fill")?.Value);
        Assert.Equal("img", drawn.Root.Attribute("role")?.Value);
    }

    [Fact]
    public void A_missing_value_leaves_a_gap() =>
        Assert.Equal(2, new Drawn(Line([1, 2, double.NaN, 4, 5])).Paths[0].Count(c => c == 'M'));

    [Fact]
    public void Points_are_circles_and_a_line_may_have_them_too()
    {
        Assert.Equal(3, new Drawn(Chart.Point<double, double, string>([0, 1, 2], [5, 6, 7])).All("circle").Count());
        var both = new Drawn(Chart.Scatter<double, double, string>([0, 1, 2], [5, 6, 7], StyleParam.Mode.Lines_Markers));
        Assert.Equal(3, both.All("circle").Count());
        Assert.Equal(3, both.Line.Count);
    }

    [Fact]
    public void A_log_axis_spaces_decades_evenly_and_leaves_out_what_has_no_logarithm()
    {
        var points = new Drawn(Line([1, 0.1, 0.01, 0.001]).WithLogY()).Line;
        Assert.Equal(points[1].Y - points[0].Y, points[3].Y - points[2].Y, 0.2);
        Assert.Equal(2, new Drawn(Line([1, 0.1, 0, 0.01]).WithLogY()).Paths[0].Count(c => c == 'M'));
        Assert.Contains("10⁻⁶", new Drawn(Line([1, 1e-3, 1e-6]).WithLogY()).Texts);
    }

    [Fact]
    public void A_range_cuts_off_what_lies_beyond_it()
    {
        var points = new Drawn(Line([0, 1, 2]).WithYRange(0, 1)).Line;
        Assert.Equal(points[0].Y - points[1].Y, points[1].Y - points[2].Y, 0.2);
        Assert.True(points[2].Y < 0, "2 lies as far above the top as 1 above the bottom");
        Assert.Equal(["0.01", "0.1", "1"],
            new Drawn(Line([1, 1e-15, 1e-9]).WithLogY().WithYRange(0.01, 1)).Texts.Where(text => text is "0.01" or "0.1" or "1").Order());
        Assert.DoesNotContain(new Drawn(Line([1, 1e-15, 1e-9]).WithLogY().WithYRange(0.01, 1)).Texts, text => text.Contains('⁻'));
    }

    [Fact]
    public void A_whisker_reaches_as_far_as_its_value_may_be_off()
    {
        var drawn = new Drawn(Line([0, 10]).WithErrors([0, 5]));
        var unit = (drawn.Line[0].Y - drawn.Line[1].Y) / 10;
        var ends = drawn.Whiskers[1].Select(end => end.Y).Order().ToList();
        Assert.Equal(drawn.Line[1].Y - 5 * unit, ends[0], 0.2);
        Assert.Equal(drawn.Line[1].Y + 5 * unit, ends[1], 0.2);
        Assert.Contains("2 values, which take as many errors, not 1",
            Assert.Throws<BadInputException>(() => Line([1, 2]).WithErrors([1])).Message);
    }

    [Fact]
    public void The_legend_names_the_series_of_a_chart_that_has_several_and_shows_which_is_dashed()
    {
        var dashed = Chart.Line<double, double, string>([0, 1], [2, 3], Name: "bound", LineDash: StyleParam.DrawingStyle.Dash);
        var drawn = new Drawn(Chart.Combine([Line([1, 2]), dashed]));
        Assert.Equal([16, 7, 6], drawn.All("rect").Select(mark => Drawn.Number(mark, "width")));
        Assert.Contains("bound", drawn.Texts);
        Assert.DoesNotContain("loss", new Drawn(Line([1, 2])).Texts);
    }

    [Fact]
    public void A_remark_stands_at_its_point_once_however_often_charts_are_combined()
    {
        var noted = Line([1, 10, 100]).WithLogY().WithNote(1, 10, "here > there");
        var drawn = new Drawn(Chart.Combine([Chart.Combine([noted, Line([1, 10, 100])]), Line([1, 10, 100])]));
        Assert.Single(drawn.Texts, "here > there");
        var ring = Assert.Single(drawn.All("circle"));
        Assert.Equal(drawn.Line[1].Y, Drawn.Number(ring, "cy"), 0.2);
    }

    [Fact]
    public void Bars_stand_on_zero_and_their_heights_tell_the_values()
    {
        var bars = new Drawn(Columns([1, 2, -1])).Bars;
        Assert.Equal(bars[0].Height * 2, bars[1].Height, 0.2);
        Assert.Equal(bars[0].Y + bars[0].Height, bars[2].Y, 0.2);
        Assert.Equal("b: 2", bars[1].Title);
    }

    [Fact]
    public void Bars_of_several_series_stand_side_by_side_or_on_top_of_each_other()
    {
        var beside = new Drawn(Chart.Combine([Columns([1, 2, 3]), Columns([3, 2, 1])])).Bars;
        Assert.Equal(beside[0].X + beside[0].Width, beside[3].X, 1.5);
        var stacked = new Drawn(Chart.Combine([Stacked([1, 2]), Stacked([3, 2])])).Bars;
        Assert.Equal(stacked[0].X, stacked[2].X, 0.2);
        Assert.Equal(stacked[0].Y, stacked[2].Y + stacked[2].Height, 0.2);

        static GenericChart Stacked(double[] values) => Chart.StackedColumn<double, string, string>(values, Keys: (string[])["a", "b"]);
    }

    [Fact]
    public void A_bar_that_lies_is_as_long_as_its_value_and_its_name_stands_before_it()
    {
        var drawn = new Drawn(Chart.Bar<double, string, string>([1, 2], Keys: (string[])["first", "second"]));
        Assert.Equal(drawn.Bars[0].Width * 2, drawn.Bars[1].Width, 0.2);
        Assert.True(drawn.Bars[0].Y > drawn.Bars[1].Y, "Plotly puts the first bar lowest");
        Assert.Contains("second", drawn.Texts);
    }

    [Fact]
    public void Names_that_look_like_numbers_stay_names() =>
        Assert.Equal(["0.01", "0.15", "1"],
            new Drawn(Chart.Column<double, string, string>([5, 6, 7], Keys: (string[])["0.01", "0.15", "1"])).Texts.Where(t => t is "0.01"
                or "0.15" or "1"));

    [Fact]
    public void Many_names_below_an_axis_do_not_overlap()
    {
        var names = Enumerable.Range(0, 60).Select(i => $"identifier{i}").ToArray();
        var places = new Drawn(Chart.Column<double, string, string>(names.Select((_, i) => (double)i), Keys: names)).All("text")
            .Where(t => t.Value.StartsWith("identifier", StringComparison.Ordinal)).Select(t => Drawn.Number(t, "x")).ToList();
        Assert.All(places.Zip(places.Skip(1), (a, b) => b - a), gap => Assert.True(gap >= 13, $"names {gap} px apart"));
    }

    [Fact]
    public void A_heatmap_colours_every_cell_with_row_0_where_the_chart_says()
    {
        var small = new Drawn(Heat([[0, 1], [2, 3]], reversed: true));
        var runs = small.Paths.SelectMany(p => p.Split('M', StringSplitOptions.RemoveEmptyEntries)).Order().ToList();
        Assert.Equal(["0 0h1", "0 1h1", "1 0h1", "1 1h1"], runs);
        Assert.Equal(4, small.All("path").Select(p => p.Attribute("stroke")!.Value).Distinct().Count());
        Assert.True(Height(small, "first") < Height(small, "second"));
        var upwards = new Drawn(Heat([[0, 1], [2, 3]], reversed: false));
        Assert.True(Height(upwards, "first") > Height(upwards, "second"));

        static double Height(Drawn drawn, string name) => Drawn.Number(drawn.All("text").Single(t => t.Value == name), "y");
        static GenericChart Heat(double[][] z, bool reversed) =>
            Chart.Heatmap<double, string, string, string>(zData: z, X: (string[])["x", "y"], Y: (string[])["first", "second"],
                ReverseYAxis: reversed);
    }

    [Fact]
    public void A_heatmap_with_zero_in_grey_has_its_hues_above_and_below_in_both_forms()
    {
        GenericChart Heat() => Chart.Heatmap<double, string, string, string>(zData: (double[][])[[0, 1, 2]]);
        var grey = new Drawn(Heat().WithZeroGrey());
        Assert.Contains("#c4c6c8", grey.Svg, StringComparison.Ordinal);
        Assert.Contains("−2", grey.Texts);
        Assert.DoesNotContain("#c4c6c8", new Drawn(Heat()).Svg, StringComparison.Ordinal);
        var json = NotebookKit.Display.DisplayFormat.Mime(Heat().WithZeroGrey())["application/vnd.plotly.v1+json"];
        Assert.Contains("\"zmid\":0", json, StringComparison.Ordinal);
        Assert.Contains("[0.5,\"#c4c6c8\"]", json, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1, "0.2 0.4 0.6 0.8", "")]
    [InlineData(0, 1e-4, "0.2 0.4 0.6 0.8", "y (×10⁻⁴)")]
    [InlineData(0, 3e-15, "0.5 1.0 1.5 2.0", "y (×10⁻¹⁵)")]
    [InlineData(0, 25e6, "0.5 1.0 1.5 2.0", "y (×10⁷)")]
    [InlineData(0, 30_000, "10k 20k", "")]
    [InlineData(-2, 2, "−1 0 1", "")]
    [InlineData(0.3, 0.30000000000000004, "0.30", "")]
    public void Ticks_are_short_round_numbers_and_a_power_of_ten_is_said_once(double low, double high, string ticks, string title)
    {
        var drawn = new Drawn(Line([low, high]).WithTitles("t", y: "y"));
        var texts = drawn.Texts;
        var upwards = drawn.All("text").Where(text => text.Attribute("text-anchor")?.Value == "end").Select(text => text.Value).ToList();
        Assert.Equal(upwards.Distinct(), upwards);
        Assert.All(ticks.Split(' '), tick => Assert.Contains(tick, texts));
        Assert.All(texts, text => Assert.True(text.Length <= 10, text));
        Assert.Contains(title.Length > 0 ? title : "y", texts);
    }

    [Fact]
    public void Everything_that_an_author_writes_is_escaped_and_present()
    {
        var drawn = new Drawn(Chart.Combine([Line([1, 2]), Chart.Line<double, double, string>([1, 2], [1, 2], Name: "a < b & c")])
            .WithTitles("\"quotes\" & more", "x & y", "z\u0001").WithNote(1, 2, "here > there"));
        Assert.Contains("a < b & c", drawn.Texts);
        Assert.Contains("\"quotes\" & more", drawn.Texts);
        Assert.Contains("x & y", drawn.Texts);
        Assert.Contains("here > there", drawn.Texts);
    }

    [Fact]
    public void A_long_training_stays_small_and_keeps_its_spikes()
    {
        var random = new Random(3);
        var loss = Enumerable.Range(0, 20_000).Select(i => random.NextDouble() * 0.01 + (i == 12_345 ? 5 : 0)).ToList();
        var five = new Drawn(Chart.Combine([.. Enumerable.Range(1, 5).Select(k => Line([.. loss.Select(l => l * k)]))]));
        Assert.True(five.Svg.Length < 60_000, $"{five.Svg.Length} characters");
        Assert.True(new Drawn(Line([.. loss])).Line.Min(p => p.Y) < 60, "the spike is gone");
    }

    [Fact]
    public void The_machines_culture_does_not_break_a_drawing()
    {
        var before = CultureInfo.CurrentCulture;
        var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        comma.NumberFormat.NumberDecimalSeparator = ",";
        GenericChart[] charts = [Line([0.5, 0.25]).WithErrors([0.1, 0.1]), Columns([0.5, 0.25, 0.1]),
            Chart.Heatmap<double, string, string, string>(zData: (double[][])[[0.5, 0.25]])];
        var expected = charts.Select(f => f.ToSvg()).ToList();
        CultureInfo.CurrentCulture = comma;
        try
        {
            Assert.Equal(expected, charts.Select(f => f.ToSvg()));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void A_chart_that_a_learner_writes_with_XPlot_is_drawn_too()
    {
        var chart = XPlot.Plotly.Chart.Line([Tuple.Create(0.0, 1.0), Tuple.Create(1.0, double.NaN), Tuple.Create(2.0, 3.0)]);
        chart.WithTitle("</script>; var layout = {\"");
        chart.WithXTitle("step");
        var drawn = new Drawn(chart);
        Assert.Contains("step", drawn.Texts);
        Assert.StartsWith("</script>; var layout = {\"", drawn.Name, StringComparison.Ordinal);
        Assert.Equal(2, drawn.Paths[0].Count(c => c == 'M'));
    }

    [Fact]
    public void What_the_drawing_does_not_know_it_names()
    {
        var pie = new Drawn(Chart.Pie<double, string, string>([1, 2], Labels: (string[])["a", "b"]));
        Assert.Contains(pie.Texts, text => text.Contains("pie", StringComparison.Ordinal));
        var both = new Drawn(Chart.Grid([Line([1, 2]), Line([3, 4])], 1, 2));
        Assert.Contains(both.Texts, text => text.Contains("further axes", StringComparison.Ordinal));
        Assert.Single(both.Paths);
    }

    private static GenericChart Line(double[] y) => Chart.Line<double, double, string>(y.Select((_, i) => (double)i), y, Name: "loss");

    private static GenericChart Columns(double[] y) => Chart.Column<double, string, string>(y, Keys: (string[])["a", "b", "c"]);
}
