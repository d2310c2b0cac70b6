namespace NotebookKit.Charts;

/// <summary>A bar in the units of its axes: where it stands, how wide it is, and from where to where it reaches.</summary>
internal readonly record struct PlacedBar(PlotlyTrace Trace, int Index, double Place, double Width, double From, double To);

/// <summary>Where bars stand: side by side, on top of each other, or in front of each other.</summary>
internal static class BarLayout
{
    private const int MostBars = 400;
    private const double WidestPixels = 64;

    /// <param name="figure">The figure with its bars.</param>
    /// <param name="slot">The distance of two places in the axis's unit; each place's share of the axis.</param>
    public static List<PlacedBar> Of(PlotlyFigure figure, out double slot)
    {
        var traces = figure.Traces.Where(t => t.Kind == TraceKind.Bar).ToList();
        var places = traces.SelectMany(PlacesOf).Where(double.IsFinite).Distinct().Order().ToList();
        slot = places.Zip(places.Skip(1), (a, b) => b - a).DefaultIfEmpty(1).Min();
        var stacked = figure.BarMode is "stack" or "relative";
        var abreast = stacked || figure.BarMode == "overlay" ? 1 : Math.Max(1, traces.Count);
        var slots = places.Count == 0 ? 1 : (places[^1] - places[0]) / slot + 1;
        // Two bars alone would be two walls.
        var share = Math.Min(0.8, abreast * WidestPixels / (figure.Width * 0.85 / slots));
        var width = share * slot / abreast;
        var bars = new List<PlacedBar>();
        var (above, below) = (new Dictionary<double, double>(), new Dictionary<double, double>());
        var most = Math.Max(1, MostBars / Math.Max(1, traces.Count));
        for (var t = 0; t < traces.Count; t++)
        {
            foreach (var i in Kept(traces[t], most))
            {
                var (place, value) = (PlacesOf(traces[t])[i], ValuesOf(traces[t])[i]);
                if (!double.IsFinite(place) || !double.IsFinite(value))
                    continue;
                var from = 0.0;
                if (stacked)
                {
                    var side = value < 0 ? below : above;
                    from = side.GetValueOrDefault(place);
                    side[place] = from + value;
                }

                bars.Add(new PlacedBar(traces[t], i, abreast == 1 ? place : place + (t - (abreast - 1) / 2.0) * width, width, from,
                    from + value));
            }
        }

        return bars;
    }

    public static IReadOnlyList<double> ValuesOf(PlotlyTrace trace) => trace.Horizontal ? trace.X : trace.Y;

    private static IReadOnlyList<double> PlacesOf(PlotlyTrace trace) => trace.Horizontal ? trace.Y : trace.X;

    /// <summary>Of more bars than a drawing has room for, the longest of each neighbourhood.</summary>
    private static IEnumerable<int> Kept(PlotlyTrace trace, int most) =>
        Enumerable.Range(0, trace.X.Count).Chunk(Math.Max(1, (int)Math.Ceiling(trace.X.Count / (double)most)))
            .Select(near => near.MaxBy(i => double.IsFinite(ValuesOf(trace)[i]) ? Math.Abs(ValuesOf(trace)[i]) : -1));
}
