using System.Globalization;

namespace NotebookKit.Charts;

/// <summary>Where values lie on the page: the scales and the rectangle between the axes.</summary>
internal sealed record PlotArea(Scale XScale, Scale YScale, double Left, double Top, double Right, double Bottom)
{
    public double X(double value) => Left + XScale.Place(value) * (Right - Left);

    public double Y(double value) => Bottom - YScale.Place(value) * (Bottom - Top);
}

/// <summary>Draws series: bars, lines, points, whiskers, remarks. However long a series is, what it draws is bounded.</summary>
internal sealed class SvgMarks(PlotlyFigure figure, Svg svg, PlotArea area)
{
    private const int MostPoints = 2400;
    private readonly int _budget = Math.Clamp(MostPoints / Math.Max(1, figure.Traces.Count), 8, 450);

    public static string Opacity(PlotlyTrace trace) => trace.Opacity.ToString("0.##", CultureInfo.InvariantCulture);

    public void Draw(List<PlacedBar> bars)
    {
        // Its own coordinate system cuts off what lies beyond a given range, without an id that another figure might share.
        var (width, height) = (Svg.Number(area.Right + 4), Svg.Number(area.Bottom - area.Top + 8));
        svg.Raw($"<svg x=\"0\" y=\"{Svg.Number(area.Top - 4)}\" width=\"{width}\" height=\"{height}\" viewBox=\"0 "
            + $"{Svg.Number(area.Top - 4)} {width} {height}\">");
        Bars(bars);
        foreach (var trace in figure.Traces.Where(t => t.Kind == TraceKind.Scatter))
            Series(trace);
        svg.Raw("</svg>");
        BarValues(bars);
        foreach (var note in figure.Notes)
            Note(note);
    }

    private void Bars(List<PlacedBar> bars)
    {
        foreach (var bar in bars)
        {
            var (left, top, width, height) = Box(bar);
            var value = BarLayout.ValuesOf(bar.Trace)[bar.Index];
            svg.Rect(left, top, width, height, $"fill=\"{bar.Trace.Color}\" opacity=\"{Opacity(bar.Trace)}\"",
                string.Join(": ", new[] { NameOf(bar), NumberText.Short(value) }.Where(s => s.Length > 0)));
            if (bar.Trace.Errors.Count == 0)
                continue;
            var (down, up) = bar.Trace.Errors[bar.Index];
            if (bar.Trace.Horizontal)
                Whisker(area.X(bar.To - down), top + height / 2, area.X(bar.To + up), top + height / 2, "currentColor");
            else
                Whisker(left + width / 2, area.Y(bar.To - down), left + width / 2, area.Y(bar.To + up), "currentColor");
        }
    }

    /// <summary>A few bars get their numbers, beyond the whisker.</summary>
    private void BarValues(List<PlacedBar> bars)
    {
        if (bars.Count > 16 || figure.BarMode is "stack" or "relative" or "overlay")
            return;
        foreach (var bar in bars)
        {
            var (left, top, width, height) = Box(bar);
            var value = bar.To - bar.From;
            var text = Svg.Short(value);
            var (down, up) = bar.Trace.Errors.Count > 0 && double.IsFinite(bar.Trace.Errors[bar.Index].Up) ? bar.Trace.Errors[bar.Index]
                : (0, 0);
            if (bar.Trace.Horizontal && height >= 12)
                svg.Text(Math.Clamp(value >= 0 ? area.X(bar.To + up) + 4 : area.X(bar.To - down) - 4, area.Left, area.Right - 24),
                    top + height / 2 + 4, text, value >= 0 ? "font-size=\"11\"" : "text-anchor=\"end\" font-size=\"11\"");
            else if (!bar.Trace.Horizontal && width >= 22)
                svg.Text(left + width / 2, Math.Clamp(value >= 0 ? area.Y(bar.To + up) - 4 : area.Y(bar.To - down) + 13, area.Top + 4,
                    area.Bottom + 12), text, "text-anchor=\"middle\" font-size=\"11\"");
        }
    }

    private (double Left, double Top, double Width, double Height) Box(PlacedBar bar)
    {
        var (low, high) = (bar.Place - bar.Width / 2, bar.Place + bar.Width / 2);
        // On a logarithmic axis zero is nowhere: bars stand on the axis.
        double Across(double value) => Math.Clamp(area.X(value) is var x && double.IsFinite(x) ? x : area.Left, area.Left, area.Right);
        double Up(double value) => Math.Clamp(area.Y(value) is var y && double.IsFinite(y) ? y : area.Bottom, area.Top, area.Bottom);
        var (x1, x2) = bar.Trace.Horizontal ? (Across(bar.From), Across(bar.To)) : (Across(low), Across(high));
        var (y1, y2) = bar.Trace.Horizontal ? (Up(low), Up(high)) : (Up(bar.From), Up(bar.To));
        return (Math.Min(x1, x2), Math.Min(y1, y2), Math.Max(Math.Abs(x2 - x1) - (bar.Trace.Horizontal ? 0 : 1), 0.5),
            Math.Max(Math.Abs(y2 - y1) - (bar.Trace.Horizontal ? 1 : 0), 0.5));
    }

    private string NameOf(PlacedBar bar)
    {
        var (axis, places) = bar.Trace.Horizontal ? (figure.Y, bar.Trace.Y) : (figure.X, bar.Trace.X);
        var place = places[bar.Index];
        return axis.Categories.Count > 0 ? Svg.Cut(axis.Categories[(int)place], 60) : NumberText.Short(place);
    }

    private void Series(PlotlyTrace trace)
    {
        var runs = Runs(trace);
        var total = Math.Max(1, runs.Sum(run => run.Count));
        if (trace.Lines && runs.Count > 0)
        {
            var path = string.Concat(Thinned(runs, _budget)
                .Select(run => Path(run, Math.Max(3, (int)((long)_budget * run.Count / total)))));
            svg.Raw($"<path d=\"{path}\" fill=\"none\" stroke=\"{trace.Color}\" stroke-width=\"1.8\" stroke-linejoin=\"round\" "
                + $"stroke-linecap=\"round\" opacity=\"{Opacity(trace)}\"{(trace.Dashed ? " stroke-dasharray=\"6 4\"" : "")}/>");
        }

        foreach (var i in Thinned([.. Enumerable.Range(0, trace.Errors.Count)], _budget / 4))
            Whisker(area.X(trace.X[i]), area.Y(trace.Y[i] - trace.Errors[i].Down), area.X(trace.X[i]),
                area.Y(trace.Y[i] + trace.Errors[i].Up), trace.Color);
        if (!trace.Markers)
            return;
        svg.Raw($"<g fill=\"{trace.Color}\" opacity=\"{Opacity(trace)}\">");
        foreach (var (x, y) in Thinned([.. runs.SelectMany(run => run)], _budget))
            svg.Raw($"<circle cx=\"{Svg.Number(x)}\" cy=\"{Svg.Number(y)}\" r=\"3\"/>");
        svg.Raw("</g>");
    }

    private static IEnumerable<T> Thinned<T>(List<T> all, int most)
    {
        var step = Math.Max(1, (int)Math.Ceiling(all.Count / (double)Math.Max(1, most)));
        for (var i = 0; i < all.Count; i += step)
            yield return all[i];
    }

    private void Note(PlotlyNote note)
    {
        var (x, y) = (area.X(note.X), area.Y(note.Y));
        if (!(x >= area.Left - 1 && x <= area.Right + 1 && y >= area.Top - 1 && y <= area.Bottom + 1))
            return;
        var before = x + 10 + note.Text.Length * Svg.CharacterWidth > area.Right;
        if (note.Arrow)
            svg.Raw($"<circle cx=\"{Svg.Number(x)}\" cy=\"{Svg.Number(y)}\" r=\"3.5\" fill=\"none\" stroke=\"currentColor\" "
                + "stroke-width=\"1.5\"/>");
        svg.Text(x + (!note.Arrow ? 0 : before ? -8 : 8), Math.Max(y - 6, area.Top + 10), note.Text,
            !note.Arrow ? "text-anchor=\"middle\"" : before ? "text-anchor=\"end\"" : "");
    }

    /// <summary>A line with a foot at either end, across it.</summary>
    private void Whisker(double x1, double y1, double x2, double y2, string color)
    {
        if (!double.IsFinite(x1 + y1 + x2 + y2))
            return;
        (x1, x2) = (Math.Clamp(x1, area.Left, area.Right), Math.Clamp(x2, area.Left, area.Right));
        (y1, y2) = (Math.Clamp(y1, area.Top, area.Bottom), Math.Clamp(y2, area.Top, area.Bottom));
        var (footX, footY) = x1 == x2 ? (4, 0) : (0, 4);
        svg.Raw($"<path class=\"whisker\" d=\"M{Svg.Number(x1)} {Svg.Number(y1)}L{Svg.Number(x2)} "
            + $"{Svg.Number(y2)}M{Svg.Number(x1 - footX)} {Svg.Number(y1 - footY)}L{Svg.Number(x1 + footX)} {Svg.Number(y1 + footY)}"
            + $"M{Svg.Number(x2 - footX)} {Svg.Number(y2 - footY)}L{Svg.Number(x2 + footX)} {Svg.Number(y2 + footY)}\" stroke=\"{color}\" "
            + "stroke-width=\"1.3\" fill=\"none\"/>");
    }

    /// <summary>A series in pixels, cut where a value is missing.</summary>
    private List<List<(double X, double Y)>> Runs(PlotlyTrace trace)
    {
        var runs = new List<List<(double X, double Y)>>();
        var open = false;
        for (var i = 0; i < trace.Y.Count; i++)
        {
            var (x, y) = (area.X(trace.X[i]), area.Y(trace.Y[i]));
            if (!double.IsFinite(x) || !double.IsFinite(y))
            {
                open = false;
                continue;
            }

            if (!open)
                runs.Add([]);
            open = true;
            // Far outside, pixels would only add digits.
            runs[^1].Add((Math.Clamp(x, -5000, 5000), Math.Clamp(y, -5000, 5000)));
        }

        return runs;
    }

    private static string Path(List<(double X, double Y)> run, int budget)
    {
        var kept = Charts.Series.Downsample(run, budget);
        // A lone point is a line of no length: with round ends it shows as a dot.
        return "M" + string.Join('L', kept.Count == 1 ? [Point(kept[0]), Point(kept[0])] : kept.Select(Point));
    }

    private static string Point((double X, double Y) p) => $"{Svg.Number(p.X)} {Svg.Number(p.Y)}";
}
