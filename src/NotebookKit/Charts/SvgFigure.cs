namespace NotebookKit.Charts;

/// <summary>Lays a figure out and draws it: title, legend, axes, then the series.</summary>
internal sealed class SvgFigure
{
    private const int MostPoints = 2400;
    private const string Faint = "stroke=\"currentColor\" stroke-opacity=\".15\"";
    private readonly Figure _figure;
    private readonly Svg _svg = new();
    private readonly int _width;
    private double _left = 16, _top = 14, _right, _bottom;

    public SvgFigure(Figure figure)
    {
        _figure = figure;
        _width = Math.Clamp(figure.Width, 120, 700);
        _right = _width - 14;
        _bottom = figure.Height - 10;
    }

    public string Draw()
    {
        var height = _figure.Height;
        _svg.Raw($"<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {_width} {height}\" width=\"{_width}\" height=\"{height}\" "
            + "style=\"max-width:100%;height:auto\" fill=\"currentColor\" font-family=\"system-ui,sans-serif\" font-size=\"12\">");
        _svg.Raw($"<title>{Svg.Escape(_figure.ToString())}</title>");
        if (_figure.Title.Length > 0)
        {
            _svg.Text(_left, _top + 6, Svg.Cut(_figure.Title, _width / 8), "font-size=\"14\" font-weight=\"600\"");
            _top += 20;
        }

        if (_figure.Traces.OfType<HeatmapTrace>().FirstOrDefault() is { } map)
        {
            var titles = AxisTitles();
            new SvgHeatmap(map, _svg).Draw(_left, _top, _right, _bottom);
            titles(_left, _right, _top, _bottom);
        }
        else
        {
            Plot();
        }

        return _svg.Raw("</svg>").ToString();
    }

    private void Plot()
    {
        Legend();
        var bars = _figure.Traces.OfType<BarTrace>().ToList();
        var titles = AxisTitles();
        var yScale = new Scale(_figure.Y, AllY(), bars.Count > 0, pad: true, (int)((_bottom - _top) / 45));
        _left += yScale.Ticks.Select(t => t.Label.Length).DefaultIfEmpty(1).Max() * Svg.CharacterWidth + 6;
        _bottom -= 18;

        if (bars.Count > 0)
        {
            BarLabels(bars[0].Labels);
            Grid(yScale);
            Bars(bars, yScale);
        }
        else
        {
            var xScale = new Scale(_figure.X, AllX(), false, pad: _figure.Traces.All(t => t is ScatterTrace), (int)((_right - _left) / 70));
            Grid(yScale);
            foreach (var (value, label) in xScale.Ticks)
            {
                var x = X(xScale, value);
                _svg.Line(x, _top, x, _bottom, Faint).Text(x, _bottom + 15, label, "text-anchor=\"middle\" opacity=\".8\"");
            }

            Series(xScale, yScale);
        }

        _svg.Line(_left, _bottom, _right, _bottom, "stroke=\"currentColor\" stroke-opacity=\".5\"");
        titles(_left, _right, _top, _bottom);
    }

    private IEnumerable<double> AllX() => _figure.Traces.SelectMany(t => t switch
    {
        LineTrace line => line.X,
        ScatterTrace points => points.X,
        _ => [],
    });

    // The ends of whiskers belong to the figure too.
    private IEnumerable<double> AllY() => _figure.Traces.SelectMany(t => ValuesOf(t).Concat(t.Errors.SelectMany((error, i) => new[] { ValuesOf(t)[i] - error, ValuesOf(t)[i] + error })));

    private static IReadOnlyList<double> ValuesOf(Trace trace) => trace switch
    {
        LineTrace line => line.Y,
        ScatterTrace points => points.Y,
        BarTrace bars => bars.Values,
        _ => [],
    };

    private string ColorOf(int trace) => Svg.Escape(_figure.Traces[trace].Color ?? Palette.OfSeries(trace));

    private void Legend()
    {
        var x = _left;
        var any = false;
        for (var i = 0; i < _figure.Traces.Count; i++)
        {
            if (_figure.Traces[i].Name is not { Length: > 0 } name)
                continue;
            name = Svg.Cut(name, 40);
            var width = 26 + name.Length * Svg.CharacterWidth + 12;
            if (x + width > _right && x > _left)
                (x, _top) = (_left, _top + 18);
            var style = $"rx=\"1.5\" fill=\"{ColorOf(i)}\" opacity=\"{Opacity(_figure.Traces[i])}\"";
            if (_figure.Traces[i] is LineTrace { Dashed: true })
                _svg.Rect(x, _top - 5, 7, 3, style).Rect(x + 10, _top - 5, 6, 3, style);
            else
                _svg.Rect(x, _top - 5, 16, _figure.Traces[i] is LineTrace ? 3 : 9, style);
            _svg.Text(x + 22, _top + 1, name);
            x += width;
            any = true;
        }

        _top += any ? 14 : 0;
    }

    /// <summary>Makes room for the axes' titles; the answer draws them once the plot's place is known.</summary>
    private Action<double, double, double, double> AxisTitles()
    {
        var (xTitle, yTitle) = (_figure.X.Title, _figure.Y.Title);
        var (left, bottom) = (_left, _bottom);
        _bottom -= xTitle.Length > 0 ? 18 : 0;
        _left += yTitle.Length > 0 ? 18 : 0;
        return (plotLeft, plotRight, plotTop, plotBottom) =>
        {
            if (xTitle.Length > 0)
                _svg.Text((plotLeft + plotRight) / 2, bottom, xTitle, "text-anchor=\"middle\"");
            var middle = (plotTop + plotBottom) / 2;
            if (yTitle.Length > 0)
                _svg.Text(left + 2, middle, yTitle, $"text-anchor=\"middle\" transform=\"rotate(-90 {Svg.Number(left + 2)} {Svg.Number(middle)})\"");
        };
    }

    private void Grid(Scale yScale)
    {
        foreach (var (value, label) in yScale.Ticks)
        {
            var y = Y(yScale, value);
            _svg.Line(_left, y, _right, y, Faint).Text(_left - 6, y + 4, label, "text-anchor=\"end\" opacity=\".8\"");
        }
    }

    private void BarLabels(IReadOnlyList<string> labels)
    {
        var slot = (_right - _left) / Math.Max(1, labels.Count);
        var longest = labels.Select(l => Math.Min(l.Length, 24)).DefaultIfEmpty(0).Max() * Svg.CharacterWidth;
        var slanted = longest > slot - 4;
        if (slanted)
        {
            _bottom -= 0.5 * longest - 2;
            // A slanted label begins to the left of its bar; the first one's beginning must still be on the page.
            _left = Math.Max(_left, 0.87 * labels.Take(3).Select(l => Math.Min(l.Length, 24)).Max() * Svg.CharacterWidth - slot / 2 + 16);
            slot = (_right - _left) / labels.Count;
        }

        var every = Math.Max(1, (int)Math.Ceiling(13 / slot));
        for (var i = 0; i < labels.Count; i += every)
        {
            var (x, y) = (_left + (i + 0.5) * slot, _bottom + 15);
            var style = slanted ? $"text-anchor=\"end\" transform=\"rotate(-30 {Svg.Number(x)} {Svg.Number(y)})\"" : "text-anchor=\"middle\"";
            _svg.Text(x, y, Svg.Cut(labels[i], 24), style + " opacity=\".9\"");
        }
    }

    private void Bars(List<BarTrace> traces, Scale yScale)
    {
        var count = traces.Max(t => t.Values.Count);
        var slot = (_right - _left) / Math.Max(1, count);
        var width = Math.Min(slot * 0.8 / traces.Count, 60);
        var zero = Y(yScale, 0);
        var written = count * traces.Count <= 16 && width >= 22;
        for (var t = 0; t < traces.Count; t++)
        {
            var style = $"fill=\"{ColorOf(_figure.Traces.ToList().IndexOf(traces[t]))}\" opacity=\"{Opacity(traces[t])}\"";
            for (var i = 0; i < traces[t].Values.Count; i++)
            {
                var value = traces[t].Values[i];
                if (!double.IsFinite(value))
                    continue;
                var x = _left + (i + 0.5) * slot + (t - traces.Count / 2.0) * width;
                var y = Math.Clamp(Y(yScale, value), _top, _bottom);
                var label = value.ToString("G3", System.Globalization.CultureInfo.InvariantCulture);
                _svg.Rect(x, Math.Min(y, zero), width - 1, Math.Max(Math.Abs(zero - y), 0.5), style, $"{traces[t].Labels[i]}: {label}");
                var (top, bottom) = Whisker(traces[t], i, x + (width - 1) / 2, yScale, "currentColor") ?? (y, y);
                if (written)
                    _svg.Text(x + width / 2, value >= 0 ? top - 4 : bottom + 13, label, "text-anchor=\"middle\" font-size=\"11\"");
            }
        }
    }

    private void Series(Scale xScale, Scale yScale)
    {
        // Its own coordinate system cuts off what lies beyond a given range, without an id that another figure might share.
        _svg.Raw($"<svg x=\"0\" y=\"{Svg.Number(_top - 4)}\" width=\"{Svg.Number(_right + 4)}\" height=\"{Svg.Number(_bottom - _top + 8)}\" viewBox=\"0 {Svg.Number(_top - 4)} {Svg.Number(_right + 4)} {Svg.Number(_bottom - _top + 8)}\">");
        var budget = Math.Min(450, MostPoints / Math.Max(1, _figure.Traces.Count));
        for (var i = 0; i < _figure.Traces.Count; i++)
        {
            var trace = _figure.Traces[i];
            if (trace is LineTrace line)
            {
                var dash = line.Dashed ? " stroke-dasharray=\"6 4\"" : "";
                var lines = Runs(line.X, line.Y, xScale, yScale).Select(run => Path(run, budget));
                _svg.Raw($"<path d=\"{string.Concat(lines)}\" fill=\"none\" stroke=\"{ColorOf(i)}\" stroke-width=\"1.8\" stroke-linejoin=\"round\" stroke-linecap=\"round\" opacity=\"{Opacity(trace)}\"{dash}/>");
                for (var k = 0; k < line.Errors.Count; k++)
                    Whisker(line, k, X(xScale, line.X[k]), yScale, ColorOf(i));
            }
            else if (trace is ScatterTrace points)
            {
                _svg.Raw($"<g fill=\"{ColorOf(i)}\" opacity=\"{Opacity(trace)}\">");
                for (var k = 0; k < points.Errors.Count; k++)
                    Whisker(points, k, X(xScale, points.X[k]), yScale, ColorOf(i));
                var all = Runs(points.X, points.Y, xScale, yScale).SelectMany(run => run).ToList();
                var step = Math.Max(1, (int)Math.Ceiling(all.Count / (double)budget));
                for (var k = 0; k < all.Count; k += step)
                    _svg.Raw($"<circle cx=\"{Svg.Number(all[k].X)}\" cy=\"{Svg.Number(all[k].Y)}\" r=\"3\"/>");
                _svg.Raw("</g>");
            }
        }

        _svg.Raw("</svg>");
        foreach (var note in _figure.Annotations)
        {
            var (x, y) = (X(xScale, note.X), Y(yScale, note.Y));
            if (!double.IsFinite(x) || !double.IsFinite(y))
                continue;
            var before = x + 10 + note.Text.Length * Svg.CharacterWidth > _right;
            _svg.Raw($"<circle cx=\"{Svg.Number(x)}\" cy=\"{Svg.Number(y)}\" r=\"3.5\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.5\"/>");
            _svg.Text(x + (before ? -8 : 8), Math.Max(y - 6, _top + 10), note.Text, before ? "text-anchor=\"end\"" : "");
        }
    }

    /// <summary>Draws a value's whisker, if it has one, and tells where it ends.</summary>
    private (double Top, double Bottom)? Whisker(Trace trace, int i, double x, Scale yScale, string color)
    {
        if (trace.Errors.Count == 0)
            return null;
        var (value, error) = (ValuesOf(trace)[i], trace.Errors[i]);
        var (top, bottom) = (Y(yScale, value + error), Y(yScale, value - error));
        if (!double.IsFinite(x) || !double.IsFinite(top) || !double.IsFinite(bottom))
            return null;
        (top, bottom) = (Math.Clamp(top, _top, _bottom), Math.Clamp(bottom, _top, _bottom));
        var style = $"stroke=\"{color}\" stroke-width=\"1.3\"";
        _svg.Line(x, top, x, bottom, style).Line(x - 4, top, x + 4, top, style).Line(x - 4, bottom, x + 4, bottom, style);
        return (top, bottom);
    }

    /// <summary>A series in pixels, cut where a value is missing.</summary>
    private List<List<(double X, double Y)>> Runs(IReadOnlyList<double> xs, IReadOnlyList<double> ys, Scale xScale, Scale yScale)
    {
        var runs = new List<List<(double X, double Y)>>();
        var open = false;
        for (var i = 0; i < ys.Count; i++)
        {
            var (x, y) = (X(xScale, xs[i]), Y(yScale, ys[i]));
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
        var kept = NotebookKit.Charts.Series.Downsample(run, budget);
        // A lone point is a line of no length: with round ends it shows as a dot.
        return "M" + string.Join('L', kept.Count == 1 ? [Point(kept[0]), Point(kept[0])] : kept.Select(Point));
    }

    private static string Point((double X, double Y) p) => $"{Svg.Number(p.X)} {Svg.Number(p.Y)}";

    private static string Opacity(Trace trace) => Math.Clamp(trace.Opacity, 0, 1).ToString("0.##", System.Globalization.CultureInfo.InvariantCulture);

    private double X(Scale scale, double value) => _left + scale.Place(value) * (_right - _left);

    private double Y(Scale scale, double value) => _bottom - scale.Place(value) * (_bottom - _top);
}
