using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NotebookKit.Charts;

/// <summary>A figure in Plotly's schema: traces and layout.</summary>
internal static class PlotlyFigure
{
    private const int MostPoints = 600;
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(Figure figure)
    {
        var data = new JsonArray();
        for (var i = 0; i < figure.Traces.Count; i++)
            data.Add((JsonNode)Trace(figure.Traces[i], figure.Traces[i].Color ?? Palette.OfSeries(i)));
        return new JsonObject { ["data"] = data, ["layout"] = Layout(figure) }.ToJsonString(Compact);
    }

    private static JsonObject Trace(Trace trace, string color)
    {
        var json = trace switch
        {
            LineTrace line => Points(line.X, line.Y, new JsonObject
            {
                ["type"] = "scatter",
                ["mode"] = "lines",
                ["line"] = new JsonObject { ["color"] = color, ["width"] = 2, ["dash"] = line.Dashed ? "dash" : "solid" },
            }),
            ScatterTrace points => Points(points.X, points.Y, new JsonObject
            {
                ["type"] = "scatter",
                ["mode"] = "markers",
                ["marker"] = new JsonObject { ["color"] = color, ["size"] = 6 },
            }),
            BarTrace bars => new JsonObject
            {
                ["type"] = "bar",
                ["x"] = Texts(bars.Labels),
                ["y"] = Numbers(bars.Values),
                ["marker"] = new JsonObject { ["color"] = color },
            },
            HeatmapTrace map => Heatmap(map),
            _ => throw new NotSupportedException($"{trace.GetType().Name} has no Plotly form."),
        };
        json["name"] = trace.Name ?? "";
        json["showlegend"] = trace.Name is { Length: > 0 } && trace is not HeatmapTrace;
        json["opacity"] = trace.Opacity;
        if (trace.Errors.Count > 0)
            json["error_y"] = new JsonObject { ["type"] = "data", ["array"] = Numbers(trace.Errors) };
        return json;
    }

    private static JsonObject Points(IReadOnlyList<double> x, IReadOnlyList<double> y, JsonObject json)
    {
        var points = x.Zip(y).ToList();
        // Gaps carry meaning: only a series without them is thinned.
        if (points.Count > MostPoints && points.All(p => double.IsFinite(p.First) && double.IsFinite(p.Second)))
            points = [.. Series.Downsample(points, MostPoints)];
        json["x"] = Numbers(points.Select(p => p.First));
        json["y"] = Numbers(points.Select(p => p.Second));
        return json;
    }

    private static JsonObject Heatmap(HeatmapTrace map)
    {
        var rows = Enumerable.Range(0, map.Z.GetLength(0)).Select(r => (JsonNode)Numbers(Enumerable.Range(0, map.Z.GetLength(1)).Select(c => map.Z[r, c])));
        var all = map.Z.Cast<double>().Where(double.IsFinite).ToList();
        var diverging = all.Count > 0 && all.Min() < 0 && all.Max() > 0;
        var json = new JsonObject
        {
            ["type"] = "heatmap",
            ["z"] = new JsonArray([.. rows]),
            ["colorscale"] = new JsonArray([.. Palette.Scale(diverging).Select(s => (JsonNode)new JsonArray(s.At, s.Color))]),
        };
        if (diverging)
            json["zmid"] = 0;
        if (map.XLabels.Count > 0)
            json["x"] = Texts(map.XLabels);
        if (map.YLabels.Count > 0)
            json["y"] = Texts(map.YLabels);
        return json;
    }

    private static JsonObject Layout(Figure figure)
    {
        var x = Axis(figure.X);
        var y = Axis(figure.Y);
        if (figure.Traces.Any(t => t is HeatmapTrace))
            y["autorange"] = "reversed";
        return new JsonObject
        {
            ["title"] = new JsonObject { ["text"] = figure.Title },
            ["width"] = figure.Width,
            ["height"] = figure.Height,
            ["xaxis"] = x,
            ["yaxis"] = y,
            ["barmode"] = "group",
            ["paper_bgcolor"] = "rgba(0,0,0,0)",
            ["plot_bgcolor"] = "rgba(0,0,0,0)",
            ["annotations"] = new JsonArray([.. figure.Annotations.Select(a => (JsonNode)new JsonObject
            {
                // Plotly wants the places of remarks on a log axis as logarithms.
                ["x"] = Rounded(figure.X.Log ? Math.Log10(a.X) : a.X),
                ["y"] = Rounded(figure.Y.Log ? Math.Log10(a.Y) : a.Y),
                ["text"] = a.Text,
                ["showarrow"] = true,
            })]),
        };
    }

    private static JsonObject Axis(Axis axis)
    {
        var json = new JsonObject { ["title"] = new JsonObject { ["text"] = axis.Title } };
        if (axis.Log)
            json["type"] = "log";
        if (axis is { Min: { } min, Max: { } max })
            json["range"] = new JsonArray(Rounded(axis.Log ? Math.Log10(min) : min), Rounded(axis.Log ? Math.Log10(max) : max));
        return json;
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode)t)]);

    private static JsonArray Numbers(IEnumerable<double> values) => new([.. values.Select(Rounded)]);

    /// <summary>Six digits are more than a chart shows; JSON has no word for what is not finite.</summary>
    private static JsonNode? Rounded(double value)
    {
        if (!double.IsFinite(value))
            return null;
        if (value == 0)
            return 0;
        var digits = 5 - (int)Math.Floor(Math.Log10(Math.Abs(value)));
        return digits is >= 0 and <= 15 ? Math.Round(value, digits) : value;
    }
}
