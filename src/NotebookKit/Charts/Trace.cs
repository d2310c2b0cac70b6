namespace NotebookKit.Charts;

/// <summary>One series of a figure.</summary>
public abstract record Trace
{
    /// <summary>What the legend calls it; a trace without a name is not in the legend.</summary>
    public string? Name { get; init; }

    /// <summary>A CSS colour; null takes the next of the palette.</summary>
    public string? Color { get; init; }

    /// <summary>From 0 (not seen) to 1.</summary>
    public double Opacity { get; init; } = 1;

    /// <summary>How far each value may be off, upwards and downwards, drawn as a whisker; as many as values, or none.</summary>
    public IReadOnlyList<double> Errors { get; init; } = [];
}

/// <summary>Points joined by lines. A value that is not finite, or not positive on a log axis, leaves a gap.</summary>
/// <param name="X">Where the points are; as many as <paramref name="Y"/>.</param>
/// <param name="Y">Their values.</param>
public sealed record LineTrace(IReadOnlyList<double> X, IReadOnlyList<double> Y) : Trace
{
    /// <summary>Drawn with gaps: for a reference or a bound.</summary>
    public bool Dashed { get; init; }
}

/// <summary>Points alone.</summary>
/// <param name="X">Where the points are; as many as <paramref name="Y"/>.</param>
/// <param name="Y">Their values.</param>
public sealed record ScatterTrace(IReadOnlyList<double> X, IReadOnlyList<double> Y) : Trace;

/// <summary>One bar per label. Several bar traces of a figure stand side by side and share the labels of the first.</summary>
/// <param name="Labels">What stands below the bars.</param>
/// <param name="Values">The bars' heights, from zero.</param>
public sealed record BarTrace(IReadOnlyList<string> Labels, IReadOnlyList<double> Values) : Trace;

/// <summary>
/// A matrix as colours, row 0 on top. Values of both signs get two hues that meet in grey at zero; otherwise one scale
/// from dark to bright. A figure shows one heatmap and nothing else.
/// </summary>
/// <param name="Z">The values (rows, columns).</param>
public sealed record HeatmapTrace(double[,] Z) : Trace
{
    /// <summary>One label per column, or none.</summary>
    public IReadOnlyList<string> XLabels { get; init; } = [];

    /// <summary>One label per row, or none.</summary>
    public IReadOnlyList<string> YLabels { get; init; } = [];
}
