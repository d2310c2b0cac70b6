using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NotebookKit.Charts;
using NotebookKit.Display;
using Plotly.NET.CSharp;

namespace NotebookKit.Tests.Charts;

/// <summary>The forms of a chart that a host with Plotly can do more with.</summary>
public sealed partial class OfflinePageTests
{
    [Fact]
    public void The_page_carries_its_script_and_loads_nothing()
    {
        var page = Chart.Line<double, double, string>([1, 2], [3, 4], Name: "</script><b>").WithTitles("a & b").ToHtml();
        Assert.InRange(page.Length, 3_000_000, 6_000_000);
        var (open, close) = (page.IndexOf("<script>", StringComparison.Ordinal), page.IndexOf("</script>", StringComparison.Ordinal));
        Assert.True(close - open > 3_000_000, "plotly.js is not whole");
        var rest = page[..open] + page[close..];
        Assert.DoesNotMatch(Loads(), rest);
        Assert.DoesNotContain("require", rest, StringComparison.Ordinal);
        Assert.Equal(2, Scripts().Count(rest)); // plotly's end and the chart's: the name closed neither
        Assert.Contains("<title>a &amp; b</title>", rest, StringComparison.Ordinal);
        Assert.Contains("Plotly.newPlot(", rest, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_gets_data_and_layout_without_what_only_makes_it_long()
    {
        var text = DisplayFormat.Mime(Chart.Line<double, double, string>([0, 1, 2, 3],
            [1 / 3.0, double.NaN, double.PositiveInfinity, 12345678]))["application/vnd.plotly.v1+json"];
        var json = JsonNode.Parse(text)!;
        Assert.Equal(["data", "layout"], json.AsObject().Select(field => field.Key));
        Assert.Equal([0.333333, null, null, 12345678], json["data"]![0]!["y"]!.AsArray().Select(v => (double?)v));
        Assert.True(text.Length < 1500, $"{text.Length} characters for four points");
        Assert.Equal(Palette.Series, json["layout"]!["template"]!["layout"]!["colorway"]!.AsArray().Select(c => (string)c!));
    }

    [Fact]
    public void A_chart_too_large_for_a_notebook_is_shown_as_its_drawing_alone()
    {
        var many = Enumerable.Range(0, 200_000).Select(i => i * 0.001).ToList();
        var forms = DisplayFormat.Mime(Chart.Line<double, double, string>(many, many));
        Assert.Equal(["text/html", "text/plain"], forms.Keys.Order());
        Assert.True(forms["text/html"].Length < 60_000);
    }

    [Fact]
    public void XPlots_data_and_layout_are_cut_out_of_its_script()
    {
        var chart = XPlot.Plotly.Chart.Line([Tuple.Create(0.0, 1.0), Tuple.Create(1.0, 2.0)]);
        chart.WithTitle("a; var layout = 7");
        var json = JsonNode.Parse(DisplayFormat.Mime(chart)["application/vnd.plotly.v1+json"])!;
        Assert.Equal([1.0, 2], json["data"]![0]!["y"]!.AsArray().Select(v => (double)v!));
        Assert.Equal("a; var layout = 7", (string?)json["layout"]!["title"]);
    }

    [GeneratedRegex("""<(link|img|iframe|script [^>]*src)|src\s*=|href\s*=|@import|url\(|https?://(?!www\.w3\.org/2000/svg")""")]
    private static partial Regex Loads();

    [GeneratedRegex("</script>")]
    private static partial Regex Scripts();
}
