namespace NotebookKit.Charts;

/// <summary>What the static drawing takes from a Plotly figure; <see cref="PlotlyReader"/> reads it from the JSON.</summary>
internal sealed record PlotlyFigure
{
    public string Title { get; init; } = "";

    public int Width { get; init; } = 640;

    public int Height { get; init; } = 340;

    public PlotlyAxis X { get; init; } = new();

    public PlotlyAxis Y { get; init; } = new();

    public IReadOnlyList<PlotlyTrace> Traces { get; init; } = [];

    public IReadOnlyList<PlotlyNote> Notes { get; init; } = [];

    /// <summary>How bars of several series share a place: "group", "stack", "relative" or "overlay".</summary>
    public string BarMode { get; init; } = "group";

    /// <summary>What the figure has beyond this drawing, such as "pie"; told in the drawing, not passed over.</summary>
    public IReadOnlyList<string> Untold { get; init; } = [];
}

/// <summary>An axis: its title, its range where the author gave one, and its words where places have names.</summary>
internal sealed record PlotlyAxis
{
    public string Title { get; init; } = "";

    public bool Log { get; init; }

    public double? Min { get; init; }

    public double? Max { get; init; }

    public bool Reversed { get; init; }

    /// <summary>The names of the places 0, 1, 2, …; empty for numbers.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [];
}

/// <summary>The kinds of series that the drawing knows.</summary>
internal enum TraceKind
{
    Scatter,
    Bar,
    Heatmap,
}

/// <summary>One series. Values that are not finite are gaps.</summary>
internal sealed record PlotlyTrace(TraceKind Kind)
{
    public string Name { get; init; } = "";

    public bool InLegend { get; init; }

    public string Color { get; init; } = "";

    public double Opacity { get; init; } = 1;

    public bool Lines { get; init; }

    public bool Markers { get; init; }

    public bool Dashed { get; init; }

    /// <summary>A bar that lies: its length is along the horizontal axis.</summary>
    public bool Horizontal { get; init; }

    public IReadOnlyList<double> X { get; init; } = [];

    public IReadOnlyList<double> Y { get; init; } = [];

    /// <summary>How far the whiskers of each value reach down and up; empty without any.</summary>
    public IReadOnlyList<(double Down, double Up)> Errors { get; init; } = [];

    /// <summary>A heatmap's values (rows, columns), the topmost row first.</summary>
    public double[,] Z { get; init; } = new double[0, 0];

    public IReadOnlyList<string> Columns { get; init; } = [];

    public IReadOnlyList<string> Rows { get; init; } = [];

    /// <summary>A heatmap of two hues that meet at zero, whatever its values.</summary>
    public bool ZeroGrey { get; init; }

    /// <summary>A heatmap whose numbers of rows grow upwards, as Plotly has it unless told otherwise.</summary>
    public bool Upwards { get; init; }
}

/// <summary>A remark at a point, in the units of the axes.</summary>
internal sealed record PlotlyNote(double X, double Y, string Text, bool Arrow);
