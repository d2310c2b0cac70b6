using System.Globalization;
using System.Text;

namespace NotebookKit.Charts;

/// <summary>
/// Draws a heatmap in few bytes: one path per colour, each run of equal cells a stroke as wide as a cell. Matrices of more
/// than 64 rows or columns are averaged down to that.
/// </summary>
internal sealed class SvgHeatmap(PlotlyTrace trace, Svg svg)
{
    private const int Most = 64, MostWritten = 100;

    public void Draw(double left, double top, double right, double bottom)
    {
        var z = Shrink(trace.Z);
        var (rows, columns) = (z.GetLength(0), z.GetLength(1));
        if (rows == 0 || columns == 0)
            return;
        var finite = z.Cast<double>().Where(double.IsFinite).DefaultIfEmpty(0).ToList();
        var (low, high) = (finite.Min(), finite.Max());
        var diverging = trace.ZeroGrey || (low < 0 && high > 0);
        if (diverging)
            (low, high) = (-Math.Max(Math.Abs(low), Math.Abs(high)), Math.Max(Math.Abs(low), Math.Abs(high)));

        var (xLabels, yLabels) = (Labelled(trace.Columns, trace.Z.GetLength(1), columns), Labelled(trace.Rows, trace.Z.GetLength(0), rows));
        if (trace is { Upwards: true, Rows.Count: 0 })
            yLabels.Reverse();
        left += yLabels.Select(l => Math.Min(l.Length, 22)).DefaultIfEmpty(0).Max() * Svg.CharacterWidth + 4;
        right -= 64;
        var slot = (right - left) / columns;
        var longest = xLabels.Select(l => Math.Min(l.Length, 22)).DefaultIfEmpty(0).Max() * Svg.CharacterWidth;
        var slanted = longest > slot - 4 && trace.Columns.Count > 0;
        bottom -= xLabels.Count == 0 ? 4 : slanted ? 0.75 * longest + 12 : 18;
        var (cellWidth, cellHeight) = ((right - left) / columns, (bottom - top) / rows);

        Cells(z, low, high, diverging, left, top, cellWidth, cellHeight);
        if (rows * columns <= MostWritten && cellWidth >= 30)
            Values(z, low, high, diverging, left, top, cellWidth, cellHeight);
        Labels(xLabels, yLabels, slanted, left, top, bottom, cellWidth, cellHeight);
        Bar(low, high, diverging, right + 12, top, bottom);
    }

    private void Cells(double[,] z, double low, double high, bool diverging, double left, double top, double width, double height)
    {
        var paths = new Dictionary<int, StringBuilder>();
        for (var row = 0; row < z.GetLength(0); row++)
        {
            for (var column = 0; column < z.GetLength(1);)
            {
                var level = Level(z[row, column], low, high);
                var end = column + 1;
                while (end < z.GetLength(1) && Level(z[row, end], low, high) == level)
                    end++;
                if (level >= 0)
                {
                    if (!paths.TryGetValue(level, out var path))
                        paths[level] = path = new StringBuilder();
                    path.Append(CultureInfo.InvariantCulture, $"M{column} {row}h{end - column}");
                }

                column = end;
            }
        }

        // Cells are 1 × 1 here: the transformation gives them their size. Sharp edges leave no seams between them.
        svg.Raw(string.Create(CultureInfo.InvariantCulture, $"<g transform=\"translate({left:0.##} {top:0.##}) scale({width:0.####} "
            + $"{height:0.####}) translate(0 .5)\" stroke-width=\"1\" fill=\"none\" shape-rendering=\"crispEdges\">"));
        foreach (var (level, path) in paths.OrderBy(p => p.Key))
            svg.Raw($"<path stroke=\"{Palette.OfLevel(level, diverging)}\" d=\"{path}\"/>");
        svg.Raw("</g>");
    }

    private void Values(double[,] z, double low, double high, bool diverging, double left, double top, double width, double height)
    {
        for (var row = 0; row < z.GetLength(0); row++)
        {
            for (var column = 0; column < z.GetLength(1); column++)
            {
                var level = Level(z[row, column], low, high);
                if (level >= 0)
                    svg.Text(left + (column + 0.5) * width, top + (row + 0.5) * height + 4, Svg.Short(z[row, column]),
                        $"text-anchor=\"middle\" font-size=\"11\" fill=\"{Palette.InkOn(level, diverging)}\"");
            }
        }
    }

    private void Labels(List<string> xLabels, List<string> yLabels, bool slanted, double left, double top, double bottom, double width,
        double height)
    {
        foreach (var i in Shown(xLabels, width))
        {
            var (x, y) = (left + (i + 0.5) * width, bottom + 14);
            svg.Text(x, y, Svg.Cut(xLabels[i], 22),
                slanted ? $"text-anchor=\"end\" transform=\"rotate(-45 {Svg.Number(x)} {Svg.Number(y)})\"" : "text-anchor=\"middle\"");
        }

        foreach (var i in Shown(yLabels, height))
            svg.Text(left - 6, top + (i + 0.5) * height + 4, Svg.Cut(yLabels[i], 22), "text-anchor=\"end\"");
    }

    private static IEnumerable<int> Shown(IReadOnlyList<string> labels, double room)
    {
        var all = Enumerable.Range(0, labels.Count).Where(i => labels[i].Length > 0).ToList();
        var every = all.Count == labels.Count ? Math.Max(1, (int)Math.Ceiling(13 / room)) : 1;
        return all.Where((_, i) => i % every == 0);
    }

    private void Bar(double low, double high, bool diverging, double left, double top, double bottom)
    {
        var step = (bottom - top) / Palette.Levels;
        for (var level = 0; level < Palette.Levels; level++)
            svg.Rect(left, bottom - (level + 1) * step, 10, step + 0.5, $"fill=\"{Palette.OfLevel(level, diverging)}\"");
        svg.Text(left + 14, top + 10, Svg.Short(high)).Text(left + 14, bottom, Svg.Short(low));
    }

    /// <summary>A label for each column or row; where the author gave none, the round ones of their numbers.</summary>
    private static List<string> Labelled(IReadOnlyList<string> names, int count, int drawn)
    {
        if (names.Count == drawn)
            return [.. names];
        var labels = Enumerable.Repeat("", drawn).ToList();
        if (names.Count > 0)
            return labels;
        var step = new[] { 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000 }.FirstOrDefault(s => count / s <= 8, count);
        for (var i = 0; i < count; i += step)
            labels[(int)((long)i * drawn / count)] = i.ToString(CultureInfo.InvariantCulture);
        return labels;
    }

    private static int Level(double value, double low, double high) =>
        !double.IsFinite(value) ? -1 : high <= low ? Palette.Levels / 2
            : (int)Math.Round((value - low) / (high - low) * (Palette.Levels - 1));

    private static double[,] Shrink(double[,] z)
    {
        var (rows, columns) = (z.GetLength(0), z.GetLength(1));
        if (rows <= Most && columns <= Most)
            return z;
        var small = new double[Math.Min(rows, Most), Math.Min(columns, Most)];
        var counts = new int[small.GetLength(0), small.GetLength(1)];
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                var (r, c) = (row * small.GetLength(0) / rows, column * small.GetLength(1) / columns);
                small[r, c] += (z[row, column] - small[r, c]) / ++counts[r, c];
            }
        }

        return small;
    }
}
