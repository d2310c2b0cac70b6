namespace NotebookKit.Charts;

/// <summary>Lays a figure out and draws it as one SVG element: title, legend, axes, then the series (<see cref="SvgMarks"/>).</summary>
internal sealed class SvgChart
{
    private const string Faint = "stroke=\"currentColor\" stroke-opacity=\".15\"";
    private const int MostNames = 24, LongestName = 24;
    private readonly PlotlyFigure _figure;
    private readonly Svg _svg = new();
    private double _left = 16, _top = 14, _right, _bottom;

    private SvgChart(PlotlyFigure figure)
    {
        _figure = figure;
        _right = figure.Width - 14;
        _bottom = figure.Height - 10;
    }

    public static string Draw(PlotlyFigure figure) => new SvgChart(figure).Draw();

    private string Draw()
    {
        var (width, height) = (_figure.Width, _figure.Height);
        _svg.Raw($"<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" "
            + $"height=\"{height}\" "
            + "style=\"max-width:100%;height:auto\" fill=\"currentColor\" font-family=\"system-ui,sans-serif\" font-size=\"12\">");
        _svg.Raw($"<title>{Svg.Escape(ChartText.Name(_figure))}</title><desc>{Svg.Escape(ChartText.Description(_figure))}</desc>");
        if (_figure.Title.Length > 0)
        {
            _svg.Text(_left, _top + 6, Svg.Cut(_figure.Title, width / 8), "font-size=\"14\" font-weight=\"600\"");
            _top += 26;
        }

        if (_figure.Untold.Count > 0)
            Untold();
        if (_figure.Traces.FirstOrDefault(t => t.Kind == TraceKind.Heatmap) is { } map)
        {
            var titles = AxisTitles(_figure.X.Title, _figure.Y.Title);
            new SvgHeatmap(map, _svg).Draw(_left, _top, _right, _bottom);
            titles(_left, _right, _top, _bottom);
        }
        else if (_figure.Traces.Count > 0 || _figure.Untold.Count == 0)
        {
            Plot();
        }

        return _svg.Raw("</svg>").ToString();
    }

    /// <summary>Says what this drawing leaves out; alone in its box where nothing else can be drawn.</summary>
    private void Untold()
    {
        var sentence = Svg.Cut($"Not in this still drawing: {string.Join(", ", _figure.Untold)}. The interactive chart has it.",
            (int)((_right - _left) / Svg.CharacterWidth));
        var alone = _figure.Traces.Count == 0;
        if (alone)
            _svg.Rect(_left, _top, _right - _left, _bottom - _top,
                "fill=\"none\" stroke=\"currentColor\" stroke-opacity=\".5\" stroke-dasharray=\"6 4\"");
        _svg.Text(alone ? (_left + _right) / 2 : _left, alone ? (_top + _bottom) / 2 : _top, sentence,
            alone ? "text-anchor=\"middle\"" : "font-style=\"italic\"");
        _top += alone ? 0 : 20;
    }

    private void Plot()
    {
        Legend();
        var bars = BarLayout.Of(_figure, out var slot);
        var (xScale, yScale) = (ScaleOf(_figure.X, bars, slot, across: true), ScaleOf(_figure.Y, bars, slot, across: false));
        var titles = AxisTitles($"{_figure.X.Title}{xScale.Factor}".Trim(), $"{_figure.Y.Title}{yScale.Factor}".Trim());
        _left += yScale.Ticks.Select(t => Math.Min(t.Label.Length, LongestName)).DefaultIfEmpty(1).Max() * Svg.CharacterWidth + 6;
        _bottom -= 18;
        var room = (_right - _left) / Math.Max(1, xScale.Ticks.Count);
        var longest = _figure.X.Categories.Select(l => Math.Min(l.Length, LongestName)).DefaultIfEmpty(0).Max() * Svg.CharacterWidth;
        var slanted = longest > room - 4;
        if (slanted)
        {
            _bottom -= 0.5 * longest - 2;
            // A slanted label begins to the left of its place; the first one's beginning must still be on the page.
            _left = Math.Max(_left,
                0.87 * _figure.X.Categories.Take(3).Select(l => Math.Min(l.Length, LongestName)).Max() * Svg.CharacterWidth - room / 2
                    + 16);
        }

        XTicks(xScale, slanted);
        YTicks(yScale);
        new SvgMarks(_figure, _svg, new PlotArea(xScale, yScale, _left, _top, _right, _bottom)).Draw(bars);
        _svg.Line(_left, _bottom, _right, _bottom, "stroke=\"currentColor\" stroke-opacity=\".5\"");
        titles(_left, _right, _top, _bottom);
    }

    /// <summary>The scale of an axis: it takes in the series with their whiskers, and bars with their feet and their widths.</summary>
    private Scale ScaleOf(PlotlyAxis axis, List<PlacedBar> bars, double slot, bool across)
    {
        var values = _figure.Traces.Where(t => t.Kind == TraceKind.Scatter).SelectMany(t => across ? t.X : t.Y.Concat(Whiskers(t, t.Y)));
        var along = bars.Where(b => b.Trace.Horizontal == across).ToList(); // whose length this axis measures
        values = values.Concat(along.SelectMany(b => new[] { b.From, b.To }))
            .Concat(along.Select(b => b.Trace).Distinct().SelectMany(t => Whiskers(t, BarLayout.ValuesOf(t))))
            .Concat(bars.Where(b => b.Trace.Horizontal != across).SelectMany(b => new[] { b.Place - slot / 2, b.Place + slot / 2 }));
        if (axis.Categories.Count > 0)
            values = values.Concat([-0.5, axis.Categories.Count - 0.5]);
        var pad = along.Count > 0 || !across || (bars.Count == 0 && axis.Categories.Count == 0 && _figure.Traces.Any(t => t.Markers));
        var room = across ? (_figure.Width - 90) / 70 : (_figure.Height - 90) / 45;
        return new Scale(axis, values, along.Count > 0, !pad || axis.Categories.Count > 0 ? 0 : along.Count > 0 ? 0.1 : 0.05,
            Math.Max(2, room));
    }

    private static IEnumerable<double> Whiskers(PlotlyTrace trace, IReadOnlyList<double> values) =>
        trace.Errors.SelectMany((e, i) => new[] { values[i] - e.Down, values[i] + e.Up });

    private void XTicks(Scale scale, bool slanted)
    {
        var named = _figure.X.Categories.Count > 0;
        var room = (_right - _left) / Math.Max(1, scale.Ticks.Count);
        var every = named ? Math.Max(1, (int)Math.Ceiling(14 / room)) : 1;
        for (var i = 0; i < scale.Ticks.Count; i += every)
        {
            var (x, y) = (_left + scale.Place(scale.Ticks[i].Value) * (_right - _left), _bottom + 15);
            if (!named)
                _svg.Line(x, _top, x, _bottom, Faint);
            var style = slanted ? $"text-anchor=\"end\" transform=\"rotate(-30 {Svg.Number(x)} {Svg.Number(y)})\""
                : "text-anchor=\"middle\"";
            _svg.Text(x, y, Svg.Cut(scale.Ticks[i].Label, LongestName), style + " opacity=\".85\"");
        }
    }

    private void YTicks(Scale scale)
    {
        var every = Math.Max(1, (int)Math.Ceiling(14 * scale.Ticks.Count / (_bottom - _top)));
        for (var i = 0; i < scale.Ticks.Count; i += every)
        {
            var y = _bottom - scale.Place(scale.Ticks[i].Value) * (_bottom - _top);
            if (_figure.Y.Categories.Count == 0)
                _svg.Line(_left, y, _right, y, Faint);
            _svg.Text(_left - 6, y + 4, Svg.Cut(scale.Ticks[i].Label, LongestName), "text-anchor=\"end\" opacity=\".85\"");
        }
    }

    private void Legend()
    {
        var x = _left;
        var named = _figure.Traces.Where(t => t.InLegend).Take(MostNames).ToList();
        foreach (var trace in named)
        {
            var name = Svg.Cut(trace.Name, 40);
            var width = 26 + name.Length * 6.7 + 12;
            if (x + width > _right && x > _left)
                (x, _top) = (_left, _top + 18);
            var style = $"rx=\"1.5\" fill=\"{trace.Color}\" opacity=\"{SvgMarks.Opacity(trace)}\"";
            if (trace is { Dashed: true, Lines: true })
                _svg.Rect(x, _top - 5, 7, 3, style).Rect(x + 10, _top - 5, 6, 3, style);
            else
                _svg.Rect(x, trace.Lines ? _top - 5 : _top - 8, 16, trace.Lines ? 3 : 9, style);
            _svg.Text(x + 22, _top, name);
            x += width;
        }

        _top += named.Count > 0 ? 14 : 0;
    }

    /// <summary>Makes room for the axes' titles; the answer draws them once the plot's place is known.</summary>
    private Action<double, double, double, double> AxisTitles(string xTitle, string yTitle)
    {
        var (left, bottom) = (_left, _bottom);
        _bottom -= xTitle.Length > 0 ? 18 : 0;
        _left += yTitle.Length > 0 ? 18 : 0;
        return (plotLeft, plotRight, plotTop, plotBottom) =>
        {
            if (xTitle.Length > 0)
                _svg.Text((plotLeft + plotRight) / 2, bottom, Svg.Cut(xTitle, (int)((plotRight - plotLeft) / Svg.CharacterWidth)),
                    "text-anchor=\"middle\"");
            var middle = (plotTop + plotBottom) / 2;
            if (yTitle.Length > 0)
                _svg.Text(left + 2, middle, Svg.Cut(yTitle, Math.Max(8, (int)((plotBottom - plotTop) / Svg.CharacterWidth) + 4)),
                    $"text-anchor=\"middle\" transform=\"rotate(-90 {Svg.Number(left + 2)} {Svg.Number(middle)})\"");
        };
    }
}
