namespace NotebookKit.Charts;

/// <summary>An axis of a figure.</summary>
public sealed record Axis
{
    /// <summary>What it measures, with its unit.</summary>
    public string Title { get; init; } = "";

    /// <summary>Logarithmic, for values that span decades; values of zero and below are left out.</summary>
    public bool Log { get; init; }

    /// <summary>Where it begins; null takes it from the data.</summary>
    public double? Min { get; init; }

    /// <summary>Where it ends; null takes it from the data.</summary>
    public double? Max { get; init; }
}

/// <summary>A remark at a point of a figure, in the units of its axes.</summary>
/// <param name="X">Where on the horizontal axis.</param>
/// <param name="Y">Where on the vertical axis.</param>
/// <param name="Text">A few words.</param>
public sealed record Annotation(double X, double Y, string Text);
