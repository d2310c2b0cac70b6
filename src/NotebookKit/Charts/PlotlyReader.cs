using System.Text.Json;
using System.Text.RegularExpressions;

namespace NotebookKit.Charts;

/// <summary>
/// Reads a figure from Plotly's JSON, whoever wrote it. Nothing in it can make this throw: what has the wrong type counts
/// as missing, what is not known is listed in <see cref="PlotlyFigure.Untold"/>.
/// </summary>
internal static partial class PlotlyReader
{
    private const int MostTraces = 120, MostNotes = 40;

    /// <param name="json"><c>{"data": […], "layout": {…}}</c>.</param>
    public static PlotlyFigure Read(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException) // the second for half a surrogate
        {
            return new PlotlyFigure { Untold = ["text that is no JSON"] };
        }
    }

    private static PlotlyFigure Read(JsonElement root)
    {
        var layout = root.Field("layout");
        var series = root.Field("data").Items()
            .Where(t => t.Field("visible").Text() != "legendonly" && t.Field("visible").ValueKind != JsonValueKind.False).ToList();
        var known = series.Index().Where(t => IsKnown(t.Item)).Take(MostTraces).ToList();
        if (known.FindIndex(t => KindOf(t.Item) == TraceKind.Heatmap) is >= 0 and var map)
            known = [known[map]];
        var (x, y) = (Axis(layout.Field("xaxis"), known.Select(t => t.Item.Field("x"))),
            Axis(layout.Field("yaxis"), known.Select(t => t.Item.Field("y"))));
        var colors = Colors(layout);
        return new PlotlyFigure
        {
            Title = Words(layout.Field("title")),
            Width = (int)Math.Clamp(layout.Field("width").Number() ?? 640, 160, 700),
            Height = (int)Math.Clamp(layout.Field("height").Number() ?? 340, 120, 1200),
            X = x,
            Y = y,
            BarMode = layout.Field("barmode").Text() ?? "group",
            Traces = [.. known.Select(t => Trace(t.Item, x, y, colors[t.Index % colors.Count], known.Count))],
            Notes = [.. layout.Field("annotations").Items().Take(1000).Select(n => Note(n, x, y)).OfType<PlotlyNote>().Distinct()
                .Take(MostNotes)],
            Untold = [.. Untold(series, known.Count, layout)],
        };
    }

    private static IEnumerable<string> Untold(List<JsonElement> series, int drawn, JsonElement layout)
    {
        foreach (var kind in series.Where(t => !IsKnown(t))
            .Select(t => IsElsewhere(t) ? "further axes" : Svg.Cut(t.Field("type").Text() ?? "series without a type", 30)).Distinct()
            .Take(6))
            yield return kind;
        if (series.Count(IsKnown) - drawn is > 0 and var more)
            yield return $"{more} more series";
        if (layout.Field("shapes").Items().Any())
            yield return "shapes";
    }

    private static TraceKind? KindOf(JsonElement trace) => (trace.Field("type").Text() ?? "scatter") switch
    {
        "scatter" or "scattergl" => TraceKind.Scatter,
        "bar" => TraceKind.Bar,
        "heatmap" => TraceKind.Heatmap,
        _ => null,
    };

    private static bool IsKnown(JsonElement trace) =>
        trace.ValueKind == JsonValueKind.Object && KindOf(trace) is not null && !IsElsewhere(trace);

    /// <summary>On a second pair of axes, whose numbers would be read off the wrong one.</summary>
    private static bool IsElsewhere(JsonElement trace) =>
        trace.Field("xaxis").Text() is not (null or "x") || trace.Field("yaxis").Text() is not (null or "y");

    private static PlotlyTrace Trace(JsonElement t, PlotlyAxis xAxis, PlotlyAxis yAxis, string color, int count)
    {
        var kind = KindOf(t)!.Value;
        if (kind == TraceKind.Heatmap)
            return Heatmap(t, yAxis.Reversed);
        var (x, y) = (Places(t.Field("x"), xAxis), Places(t.Field("y"), yAxis));
        if (x.Count == 0 || y.Count == 0)
            (x, y) = x.Count == 0 ? (Index(y.Count), y) : (x, Index(x.Count));
        var both = Math.Min(x.Count, y.Count);
        var horizontal = t.Field("orientation").Text() == "h";
        var mode = t.Field("mode").Text() ?? (both < 20 ? "lines+markers" : "lines");
        var name = Words(t.Field("name"));
        var (line, marker) = (Color(t.Field("line").Field("color")), Color(t.Field("marker").Field("color")));
        return new PlotlyTrace(kind)
        {
            Name = name,
            InLegend = name.Length > 0 && t.Field("showlegend").ValueKind is var shown
                && (shown == JsonValueKind.True || (shown != JsonValueKind.False && count > 1)),
            Color = (kind == TraceKind.Bar ? marker : line ?? marker) ?? color,
            Opacity = Math.Clamp(t.Field("opacity").Number() ?? 1, 0, 1),
            Lines = kind == TraceKind.Scatter && mode.Contains("lines", StringComparison.Ordinal),
            Markers = kind == TraceKind.Scatter && mode.Contains("markers", StringComparison.Ordinal),
            Dashed = (t.Field("line").Field("dash").Text() ?? "solid") != "solid",
            Horizontal = kind == TraceKind.Bar && horizontal,
            X = x.Count == both ? x : x.GetRange(0, both),
            Y = y.Count == both ? y : y.GetRange(0, both),
            Errors = Errors(t.Field(kind == TraceKind.Bar && horizontal ? "error_x" : "error_y"), horizontal ? x : y),
        };
    }

    private static PlotlyTrace Heatmap(JsonElement t, bool reversed)
    {
        var rows = t.Field("z").Items().Select(row => row.Numbers()).ToList();
        // Plotly puts row 0 below unless the axis is reversed.
        var names = t.Field("y").Items().Select(Label).ToList();
        if (!reversed)
            (rows, names) = ([.. rows.AsEnumerable().Reverse()], [.. names.AsEnumerable().Reverse()]);
        var z = new double[rows.Count, rows.Select(row => row.Count).DefaultIfEmpty(0).Max()];
        for (var r = 0; r < z.GetLength(0); r++)
            for (var c = 0; c < z.GetLength(1); c++)
                z[r, c] = c < rows[r].Count ? rows[r][c] : double.NaN;
        var columns = t.Field("x").Items().Select(Label).ToList();
        return new PlotlyTrace(TraceKind.Heatmap)
        {
            Name = Words(t.Field("name")),
            Z = z,
            Columns = columns.Count == z.GetLength(1) ? columns : [],
            Upwards = !reversed,
            ZeroGrey = t.Field("zmid").Number() == 0,
            Rows = names.Count == z.GetLength(0) ? names : [],
        };
    }

    private static List<(double Down, double Up)> Errors(JsonElement error, List<double> values)
    {
        if (error.ValueKind != JsonValueKind.Object || error.Field("visible").ValueKind == JsonValueKind.False)
            return [];
        var (up, down, same) = (error.Field("array").Numbers(), error.Field("arrayminus").Numbers(), error.Field("value").Number()
            ?? double.NaN);
        double Of(List<double> each, int i) => error.Field("type").Text() switch
        {
            "constant" => same,
            "percent" => Math.Abs(values[i]) * same / 100,
            _ => i < each.Count ? each[i] : double.NaN,
        };
        return [.. values.Select((_, i) => (Of(down.Count > 0 ? down : up, i), Of(up, i)))];
    }

    private static PlotlyNote? Note(JsonElement note, PlotlyAxis x, PlotlyAxis y)
    {
        // Plotly writes places on a logarithmic axis as logarithms.
        double? At(JsonElement place, PlotlyAxis axis) => place.Number() is { } number
            ? (axis.Log ? Math.Pow(10, Math.Clamp(number, -300, 300)) : number)
            : axis.Categories.Index().Where(c => c.Item == place.Text()).Select(c => (double?)c.Index).FirstOrDefault();
        var text = Words(note.Field("text"));
        var fixedToPage = note.Field("xref").Text() is not (null or "x") || note.Field("yref").Text() is not (null or "y");
        return text.Length > 0 && !fixedToPage && At(note.Field("x"), x) is { } across && At(note.Field("y"), y) is { } up
            ? new PlotlyNote(across, up, Svg.Cut(text, 60), note.Field("showarrow").ValueKind != JsonValueKind.False) : null;
    }

    private static PlotlyAxis Axis(JsonElement axis, IEnumerable<JsonElement> places)
    {
        var log = axis.Field("type").Text() == "log";
        var range = axis.Field("range").Numbers();
        double? End(int i) => range.Count == 2 && double.IsFinite(range[i]) ? log ? Math.Pow(10, Math.Clamp(range[i], -300, 300)) : range[i]
            : null;
        var (min, max) = (End(0), End(1));
        var turned = min > max;
        var words = axis.Field("type").Text() == "category"
            || places.Any(p => p.Items().Any(v => v.ValueKind == JsonValueKind.String && v.Number() is null && !IsNumberWord(v)));
        return new PlotlyAxis
        {
            Title = Words(axis.Field("title")),
            Log = log && !words,
            Min = words ? null : turned ? max : min,
            Max = words ? null : turned ? min : max,
            Reversed = turned || axis.Field("autorange").Text() == "reversed",
            Categories = words ? [.. places.SelectMany(p => p.Items()).Select(Label).Distinct()] : [],
        };
    }

    private static List<double> Places(JsonElement values, PlotlyAxis axis)
    {
        if (axis.Categories.Count == 0)
            return values.Numbers();
        var places = axis.Categories.Select((name, i) => (name, i)).ToDictionary(p => p.name, p => (double)p.i);
        return [.. values.Items().Select(v => places[Label(v)])];
    }

    private static IReadOnlyList<string> Colors(JsonElement layout)
    {
        var own = layout.Field("colorway").Items().Concat(layout.Field("template").Field("layout").Field("colorway").Items()).Take(32)
            .Select(Color).OfType<string>().ToList();
        return own.Count > 0 ? own : Palette.Series;
    }

    private static List<double> Index(int count) => [.. Enumerable.Range(0, count).Select(i => (double)i)];

    private static string Label(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Words(value),
        JsonValueKind.Number => NumberText.Short(value.Number() ?? 0),
        _ => "",
    };

    private static bool IsNumberWord(JsonElement value) => value.Text() is "NaN" or "Infinity" or "-Infinity";

    /// <summary>A text, or an object's text, without Plotly's markup.</summary>
    private static string Words(JsonElement node) =>
        Markup().Replace((node.ValueKind == JsonValueKind.Object ? node.Field("text") : node).Text() ?? "", " ").Trim();

    private static string? Color(JsonElement node) => node.Text() is { } text && ColorForm().IsMatch(text) ? text : null;

    [GeneratedRegex("</?(b|i|u|s|em|strong|sub|sup|br|a|span)\\b[^<>]{0,200}>", RegexOptions.IgnoreCase)]
    private static partial Regex Markup();

    [GeneratedRegex(@"^(#[0-9a-fA-F]{3,8}|[a-zA-Z]{3,24}|(rgb|hsl)a?\([\d.,%\s]{3,40}\))$")]
    private static partial Regex ColorForm();
}
