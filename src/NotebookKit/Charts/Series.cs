namespace NotebookKit.Charts;

/// <summary>What is done to a series before it is drawn.</summary>
public static class Series
{
    /// <summary>
    /// The exponential moving average with its start corrected, as in Adam (Kingma and Ba 2015, section 3):
    /// noise falls, the first values stay true.
    /// </summary>
    /// <param name="values">The raw values; one that is not finite is passed over.</param>
    /// <param name="weight">How much of the past stays, from 0 (no smoothing) to below 1.</param>
    /// <returns>As many values.</returns>
    /// <exception cref="BadInputException">The weight is out of range.</exception>
    public static IReadOnlyList<double> Smooth(IReadOnlyList<double> values, double weight = 0.9)
    {
        if (weight is not (>= 0 and < 1))
            throw new BadInputException($"weight must be at least 0 and below 1, not {weight}.");
        var smooth = new double[values.Count];
        var (average, share) = (0.0, 1.0);
        for (var i = 0; i < smooth.Length; i++)
        {
            if (double.IsFinite(values[i]))
            {
                average = weight * average + (1 - weight) * values[i];
                share *= weight;
            }

            smooth[i] = share == 1 ? double.NaN : average / (1 - share);
        }

        return smooth;
    }

    /// <summary>Values over 0, 1, 2, …, of which the points that carry the shape are kept; values that are not finite only as they
    /// are.</summary>
    /// <param name="values">The values.</param>
    /// <param name="count">About how many to keep.</param>
    internal static IReadOnlyList<(double X, double Y)> Thin(IReadOnlyList<double> values, int count)
    {
        var points = values.Select((y, x) => ((double)x, y)).ToList();
        return values.All(double.IsFinite) ? Downsample(points, count) : points; // gaps carry meaning
    }

    /// <summary>
    /// Keeps the points that carry the shape of a long line: largest triangle, three buckets (Steinarsson 2013,
    /// "Downsampling time series for visual representation", section 4.2). First and last point stay.
    /// </summary>
    /// <param name="points">Points in order of x, all finite.</param>
    /// <param name="count">How many to keep, at least 3.</param>
    /// <returns><paramref name="points"/> itself when it is short enough.</returns>
    internal static IReadOnlyList<(double X, double Y)> Downsample(IReadOnlyList<(double X, double Y)> points, int count)
    {
        if (points.Count <= count || count < 3)
            return points;
        var kept = new List<(double X, double Y)>(count) { points[0] };
        var width = (points.Count - 2.0) / (count - 2);
        for (var bucket = 0; bucket < count - 2; bucket++)
        {
            var (start, end) = (1 + (int)(bucket * width), 1 + (int)((bucket + 1) * width));
            var nextEnd = Math.Min(points.Count, 1 + (int)((bucket + 2) * width));
            var (meanX, meanY) = (0.0, 0.0);
            for (var i = end; i < nextEnd; i++)
                (meanX, meanY) = (meanX + points[i].X / (nextEnd - end), meanY + points[i].Y / (nextEnd - end));

            var (from, best, largest) = (kept[^1], points[start], -1.0);
            for (var i = start; i < end; i++)
            {
                var area = Math.Abs((from.X - meanX) * (points[i].Y - from.Y) - (from.X - points[i].X) * (meanY - from.Y));
                if (area > largest)
                    (best, largest) = (points[i], area);
            }

            kept.Add(best);
        }

        kept.Add(points[^1]);
        return kept;
    }
}
