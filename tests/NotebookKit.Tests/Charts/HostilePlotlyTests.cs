using System.Diagnostics;

namespace NotebookKit.Tests.Charts;

/// <summary>Whatever a figure's JSON says, a drawing comes out: well-formed, of bounded size.</summary>
public sealed class HostilePlotlyTests
{
    private const string Big = "[0,1e308,-1e308,5e-324,\"NaN\",null]";

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"data":{},"layout":[]}""")]
    [InlineData("""{"data":[1,"x",null,[],{}],"layout":{"title":7,"xaxis":"log","annotations":[1,{}]}}""")]
    [InlineData("""{"data":[{"x":7,"y":"seven","type":3,"name":{},"line":5,"opacity":"x"}]}""")]
    [InlineData("""{"data":[{"x":[1,2,3],"y":[1]},{"x":["a"],"y":[1,2,3]},{"x":[],"y":[]}]}""")]
    [InlineData("""{"data":[{"y":[[1],{},"a",true]}],"layout":{"width":1e99,"height":-5}}""")]
    [InlineData("""{"data":[{"type":"heatmap"},{"type":"heatmap","z":[[1],[1,2],3]}]}""")]
    [InlineData("""{"data":[{"type":"bar","x":[1,1,"b"],"y":[1,null,3],"error_y":{"array":7}},{"type":"bar"}],"layout":{"barmode":4}}""")]
    [InlineData("""{"data":[{"y":[1,2],"line":{"color":"\"><script>alert(1)</script>"},"name":"\ud800"}]}""")]
    [InlineData("""{"data":[{"y":[1,2]}],"layout":{"xaxis":{"range":[5]},"yaxis":{"range":["a","b"],"type":"log"}}}""")]
    [InlineData("""{"data":[{"y":[1,2]}],"layout":{"xaxis":{"range":[3,3]},"yaxis":{"range":[400,-400],"type":"log"}}}""")]
    [InlineData("""{"data":[{"y":{"dtype":"f8","bdata":"!!"}},{"y":{"dtype":"q9","bdata":"AAAA"}}]}""")]
    [InlineData($$$"""{"data":[{"y":{{{Big}}}},{"type":"bar","y":{{{Big}}}},{"mode":"markers","x":{{{Big}}},"y":{{{Big}}}}]}""")]
    [InlineData($$$"""{"data":[{"type":"heatmap","z":[{{{Big}}},{{{Big}}}]}]}""")]
    [InlineData($$$"""{"data":[{"y":{{{Big}}},"error_y":{"array":{{{Big}}}}}],"layout":{"yaxis":{"type":"log"},"annotations":[{"x":1e308,"y":1e308,"text":"far"}]}}""")]
    [InlineData($$$"""{"data":[{"y":{{{Big}}},"error_y":{"type":"percent","value":1e308}}]}""")]
    public void Nothing_in_it_makes_the_drawing_fail(string json)
    {
        var drawn = Drawn.FromJson(json); // parses it, too
        Assert.True(drawn.Svg.Length < 20_000);
        Assert.DoesNotContain("NaN", drawn.Svg, StringComparison.Ordinal);
        Assert.DoesNotContain("Infinity", drawn.Svg, StringComparison.Ordinal);
        Assert.DoesNotContain("∞", drawn.Svg, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", drawn.Svg, StringComparison.Ordinal);
    }

    [Fact]
    public void Plotlys_packed_numbers_are_read()
    {
        var packed = Convert.ToBase64String([.. new double[] { 0, 10, 5 }.SelectMany(BitConverter.GetBytes)]);
        var (plain, read) = (Drawn.FromJson("""{"data":[{"mode":"lines","y":[0,10,5]}]}"""),
            Drawn.FromJson($$$"""{"data":[{"mode":"lines","y":{"dtype":"f8","bdata":"{{{packed}}}"}}]}"""));
        Assert.Equal(plain.Svg, read.Svg);
    }

    [Theory]
    [InlineData("scatter", 1, 100_000, false)]
    [InlineData("scatter", 1, 100_000, true)]
    [InlineData("bar", 1, 100_000, false)]
    [InlineData("scatter", 5_000, 20, false)]
    [InlineData("bar", 5_000, 20, false)]
    public void A_hundred_thousand_points_give_a_small_drawing_soon(string type, int series, int points, bool gaps)
    {
        var y = string.Join(',', Enumerable.Range(0, points).Select(i => gaps && i % 2 == 1 ? "null" : $"{i * 37 % 101}"));
        var trace = $$$"""{"type":"{{{type}}}","mode":"lines+markers","name":"n","y":[{{{y}}}],"error_y":{"type":"constant","value":1}}""";
        var json = $$$"""{"data":[{{{string.Join(',', Enumerable.Repeat(trace, series))}}}]}""";
        var clock = Stopwatch.StartNew();
        var drawn = Drawn.FromJson(json);
        Assert.True(drawn.Svg.Length < 300_000, $"{drawn.Svg.Length} characters");
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"took {clock.Elapsed}");
        Assert.Equal(series > 120, drawn.Texts.Any(text => text.Contains("more series", StringComparison.Ordinal)));
    }

    [Fact]
    public void Names_and_titles_of_any_length_are_cut()
    {
        var name = new string('w', 100_000);
        var words = string.Join(',', Enumerable.Range(0, 300).Select(i => $"\"{i}{name[..500]}\""));
        var drawn = Drawn.FromJson(
            $$$"""{"data":[{"type":"bar","name":"{{{name}}}","x":[{{{words}}}],"y":[1,2,3]}],"layout":{"title":"{{{name}}}","xaxis":{"title":"{{{name}}}"},"yaxis":{"title":{"text":"{{{name}}}"} },"annotations":[{"x":1,"y":1,"text":"{{{name}}}"}]}}""");
        Assert.True(drawn.Svg.Length < 30_000, $"{drawn.Svg.Length} characters");
    }

    [Fact]
    public void Any_damage_to_a_figure_leaves_a_drawing()
    {
        const string Whole = """{"data":[{"type":"bar","x":["a","b"],"y":[1,2],"error_y":{"array":[0.1,0.2]}},{"type":"scatter","x":[1,2],"y":[3,4],"line":{"dash":"dot","color":"#123456"}},{"type":"heatmap","z":[[1,2],[3,4]],"x":["p","q"]}],"layout":{"title":{"text":"t"},"xaxis":{"type":"log","range":[0,2]},"annotations":[{"x":1,"y":2,"text":"n"}]}}""";
        string[] pieces = ["null", "[]", "{}", "\"log\"", "-1", "1e308", "\"\"", "true", "[[[]]]", ",", "}", "\"x\""];
        var random = new Random(11);
        for (var i = 0; i < 3_000; i++)
        {
            var (from, length) = (random.Next(Whole.Length - 12), random.Next(1, 12));
            Drawn.FromJson(Whole[..from] + pieces[random.Next(pieces.Length)] + Whole[(from + length)..]);
        }

        foreach (var part in new[] { "[1,2]", "[\"a\",\"b\"]", "\"t\"", "{\"array\":[0.1,0.2]}", "\"log\"", "[0,2]", "[3,4]", "\"heatmap\"",
            "\"bar\"" })
            foreach (var piece in pieces)
                Drawn.FromJson(Whole.Replace(part, piece, StringComparison.Ordinal));
    }
}
