using System.Globalization;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using NotebookKit.Charts;

namespace NotebookKit.Tests.Charts;

public sealed class FigureTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void A_line_passes_through_its_points()
    {
        var figure = Figure.Line([0, 1, 2], [0, 10, 5], "loss");
        var points = PointsOf(Path(figure));
        Assert.Equal(3, points.Count);
        Assert.Equal(points[1].X - points[0].X, points[2].X - points[1].X, 0.2);
        // Twice the value is twice the height; SVG's y grows downwards.
        Assert.Equal((points[0].Y - points[1].Y) / 2, points[0].Y - points[2].Y, 0.2);
        Assert.Equal("currentColor", Parse(figure).Attribute("fill")?.Value);
    }

    [Fact]
    public void A_missing_value_leaves_a_gap() =>
        Assert.Equal(2, Path(Figure.Line([1, 2, double.NaN, 4, 5])).Count(c => c == 'M'));

    [Fact]
    public void A_whisker_reaches_as_far_as_its_value_may_be_off()
    {
        var figure = Figure.Line([0, 10], "loss").WithErrors([0, 5]);
        var ends = Parse(figure).Descendants(Svg + "line").Where(line => (string?)line.Attribute("stroke-width") == "1.3")
            .Select(line => (double)line.Attribute("y1")!).Distinct().ToList();
        var points = PointsOf(Path(figure));
        var unit = (points[0].Y - points[1].Y) / 10;
        Assert.Contains(ends, y => Math.Abs(y - (points[1].Y - (5 * unit))) < 0.2);
        Assert.Contains(ends, y => Math.Abs(y - (points[1].Y + (5 * unit))) < 0.2);
        Assert.Equal(5, (double)JsonNode.Parse(figure.ToPlotlyJson())!["data"]![0]!["error_y"]!["array"]![1]!);
        Assert.Throws<NotebookKit.BadInputException>(() => Figure.Line([1, 2]).WithErrors([1]));
        Assert.Throws<NotebookKit.BadInputException>(() => new Figure().WithErrors([]));
    }

    [Fact]
    public void The_legend_shows_which_line_is_dashed()
    {
        var figure = Figure.Line([1, 2], "whole").AddLine([0, 1], [2, 3], "bound", dashed: true);
        var marks = Parse(figure).Descendants(Svg + "rect").Select(mark => Number(mark, "width")).ToList();
        Assert.Equal([16, 7, 6], marks);
    }

    [Fact]
    public void A_log_axis_spaces_decades_evenly_and_leaves_out_what_has_no_logarithm()
    {
        var points = PointsOf(Path(Figure.Line([1, 0.1, 0.01, 0.001]).WithLogY()));
        Assert.Equal(points[1].Y - points[0].Y, points[3].Y - points[2].Y, 0.2);
        Assert.Equal(2, Path(Figure.Line([1, 0.1, 0, 0.01]).WithLogY()).Count(c => c == 'M'));
    }

    [Fact]
    public void Ticks_are_round_numbers()
    {
        var labels = Texts(Figure.Line(Enumerable.Range(0, 101).Select(i => i * 0.01).ToList()));
        Assert.Contains("0.2", labels);
        Assert.Contains("0.8", labels);
        Assert.Contains("20", labels);
        Assert.InRange(labels.Count, 6, 25);
    }

    [Fact]
    public void Everything_that_an_author_writes_is_escaped_and_present()
    {
        var figure = Figure.Line([1, 2], "a < b & c").Titled("\"quotes\" <b>", "x & y", "z\u0001").Annotate(1, 2, "here > there");
        var texts = Texts(figure);
        Assert.Contains("a < b & c", texts);
        Assert.Contains("\"quotes\" <b>", texts);
        Assert.Contains("x & y", texts);
        Assert.Contains("here > there", texts);
        Assert.StartsWith("\"quotes\" <b> (line chart): z", Parse(figure).Element(Svg + "title")?.Value);
    }

    [Fact]
    public void A_long_training_stays_small_and_keeps_its_spikes()
    {
        var random = new Random(3);
        var loss = Enumerable.Range(0, 20_000).Select(i => random.NextDouble() * 0.01 + (i == 12_345 ? 5 : 0)).ToList();
        var figure = new[] { 1.0, 2, 3, 4 }.Aggregate(Figure.Line(loss, "a"), (f, k) => f.AddLine(loss.Select(l => l * k), $"{k}"));
        var svg = figure.ToSvg();
        Assert.True(svg.Length < 60_000, $"{svg.Length} characters");
        Assert.True(figure.ToPlotlyJson().Length < 100_000);
        var first = PointsOf(Path(Figure.Line(loss)));
        Assert.True(first.Min(p => p.Y) < 40, "the spike is gone");
    }

    [Fact]
    public void The_machines_culture_does_not_break_a_drawing()
    {
        var before = CultureInfo.CurrentCulture;
        var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        comma.NumberFormat.NumberDecimalSeparator = ",";
        var figures = new[] { Figure.Line([0.5, 0.25]), Figure.Bar(["a", "b"], [0.5, 0.25]), Figure.Heatmap(new[,] { { 0.5, 0.25 } }) };
        var expected = figures.Select(f => f.ToSvg() + f.ToPlotlyJson()).ToList();
        CultureInfo.CurrentCulture = comma;
        try
        {
            Assert.Equal(expected, figures.Select(f => f.ToSvg() + f.ToPlotlyJson()));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Bars_stand_on_zero_and_their_heights_tell_the_values()
    {
        var bars = Parse(Figure.Bar(["a", "b", "c"], [1, 2, -1])).Descendants(Svg + "rect").ToList();
        var heights = bars.Select(b => Number(b, "height")).ToList();
        Assert.Equal(heights[0] * 2, heights[1], 0.2);
        Assert.Equal(Number(bars[0], "y") + heights[0], Number(bars[2], "y"), 0.2);
        Assert.Equal("b: 2", bars[1].Element(Svg + "title")?.Value);
    }

    [Fact]
    public void A_heatmap_colours_every_cell_and_stays_small()
    {
        var small = Parse(Figure.Heatmap(new[,] { { 0.0, 1 }, { 2, 3 } }, ["x", "y"], ["up", "down"]));
        var runs = small.Descendants(Svg + "path").SelectMany(p => p.Attribute("d")!.Value.Split('M', StringSplitOptions.RemoveEmptyEntries)).Order().ToList();
        Assert.Equal(["0 0h1", "0 1h1", "1 0h1", "1 1h1"], runs);
        Assert.Equal(4, small.Descendants(Svg + "path").Select(p => p.Attribute("stroke")!.Value).Distinct().Count());

        var random = new Random(5);
        var noise = new double[300, 200];
        for (var i = 0; i < noise.Length; i++)
            noise[i / 200, i % 200] = random.NextDouble() - 0.5;
        Assert.True(Figure.Heatmap(noise).ToSvg().Length < 60_000);
    }

    [Fact]
    public void Empty_and_constant_series_are_drawn_without_fault()
    {
        foreach (var figure in new[] { new Figure(), Figure.Line(Array.Empty<double>()), Figure.Line([2, 2, 2]), Figure.Line([double.NaN]), Figure.Bar([], []), Figure.Line([0, 0]).WithLogY(), Figure.Heatmap(new double[0, 0]), Figure.Scatter([1], [1]) })
        {
            Assert.DoesNotContain("NaN", figure.ToSvg().Replace("from NaN to NaN", ""));
            Assert.NotNull(Parse(figure));
            Assert.NotNull(JsonNode.Parse(figure.ToPlotlyJson()));
        }
    }

    [Fact]
    public void Plotly_gets_traces_and_layout()
    {
        var json = JsonNode.Parse(Figure.Line([1, 2], [0.5, double.NaN], "loss").AddScatter([1], [2], "dots").Titled("T", "step", "loss").WithLogY().Annotate(1, 0.1, "note").ToPlotlyJson())!;
        Assert.Equal("lines", (string?)json["data"]![0]!["mode"]);
        Assert.Equal([0.5, null], json["data"]![0]!["y"]!.AsArray().Select(v => (double?)v));
        Assert.Equal("markers", (string?)json["data"]![1]!["mode"]);
        Assert.Equal("step", (string?)json["layout"]!["xaxis"]!["title"]!["text"]);
        Assert.Equal("log", (string?)json["layout"]!["yaxis"]!["type"]);
        Assert.Equal(-1, (double)json["layout"]!["annotations"]![0]!["y"]!, 1e-9);

        var map = JsonNode.Parse(Figure.Heatmap(new[,] { { -1.0, 1 } }).ToPlotlyJson())!["data"]![0]!;
        Assert.Equal("heatmap", (string?)map["type"]);
        Assert.Equal(0, (double)map["zmid"]!);
    }

    [Fact]
    public void Series_of_unequal_length_are_refused() =>
        Assert.Contains("2 places for 1 values", Assert.Throws<BadInputException>(() => Figure.Line([1, 2], [1])).Message);

    [Fact]
    public void Smoothing_keeps_a_constant_and_the_first_value()
    {
        Assert.All(Series.Smooth([3, 3, 3, 3], 0.9), v => Assert.Equal(3, v, 1e-12));
        Assert.Equal(7, Series.Smooth([7, 0], 0.9)[0], 1e-12);
        Assert.Equal((0.9 * 0.1 * 7) / (1 - 0.81), Series.Smooth([7, 0], 0.9)[1], 1e-12);
        Assert.Throws<BadInputException>(() => Series.Smooth([1], 1));
    }

    private static XElement Parse(Figure figure) => XElement.Parse(figure.ToSvg());

    private static string Path(Figure figure) => Parse(figure).Descendants(Svg + "path").First().Attribute("d")!.Value;

    private static List<string> Texts(Figure figure) => Parse(figure).Descendants(Svg + "text").Select(t => t.Value).ToList();

    private static double Number(XElement element, string attribute) => double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);

    private static List<(double X, double Y)> PointsOf(string path) => path.Split(['M', 'L'], StringSplitOptions.RemoveEmptyEntries)
        .Select(p => p.Split(' '))
        .Select(p => (double.Parse(p[0], CultureInfo.InvariantCulture), double.Parse(p[1], CultureInfo.InvariantCulture)))
        .ToList();
}
