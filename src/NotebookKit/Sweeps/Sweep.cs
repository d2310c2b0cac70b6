using NotebookKit.Display;
using NotebookKit.Evaluation;
using NotebookKit.Images;

namespace NotebookKit.Sweeps;

/// <summary>A sweep as it stands: every point, and the means over seeds. <c>Sweep.Open(folder)</c> in a cell shows its table.</summary>
public sealed class Sweep
{
    private readonly SweepFolder _folder;

    private Sweep(SweepFolder folder)
    {
        _folder = folder;
        Points = [.. folder.Points.Select(Look)];
        Means = [.. Points.GroupBy(point => point.Point.Number / Math.Max(1, folder.Spec.Seeds.Count)).Select(Mean)];
    }

    /// <summary>The folder's name.</summary>
    public string Name => _folder.Name;

    /// <summary>The folder.</summary>
    public string Folder => _folder.Root;

    /// <summary>What it trains.</summary>
    public SweepSpec Spec => _folder.Spec;

    /// <summary>Every point, in the order of the specification.</summary>
    public IReadOnlyList<SweptPoint> Points { get; }

    /// <summary>A line for each combination of settings, over its seeds.</summary>
    public IReadOnlyList<SweepMean> Means { get; }

    /// <summary>The combinations that were measured, those first that learned the subject furthest beyond what the protected word
    /// came to look like it (fidelity less PRES).</summary>
    public IReadOnlyList<SweepMean> Best => [.. Means.Where(mean => mean.Gain is not null).OrderByDescending(mean => mean.Gain)];

    /// <summary>The means as a table, each with its error over seeds.</summary>
    public DisplayTable Table => SweepTable.Of(this);

    /// <summary>Reads a sweep's folder.</summary>
    /// <param name="folder">What <c>kit sweep</c> wrote, on this machine or a cluster; it may still be at work.</param>
    /// <exception cref="BadInputException">It is none.</exception>
    public static Sweep Open(string folder) => new(SweepFolder.Open(folder));

    /// <summary>What a point's result drew when it was measured.</summary>
    /// <param name="point">One of <see cref="Points"/>.</param>
    /// <exception cref="BadInputException">It was not measured.</exception>
    public RgbImage Pictures(SweptPoint point)
    {
        var file = PicturesOf(point);
        return File.Exists(file) ? RgbImage.Load(file)
            : throw new BadInputException($"Point {point.Point.Number} has no pictures, as it was not measured; ask for \"measure\" in the "
                + "sweep's specification.");
    }

    /// <summary>The state of things in a line: "12 points: 10 done, 1 failed, 1 waiting".</summary>
    public override string ToString() => $"{Points.Count} points: "
        + string.Join(", ", Points.GroupBy(point => point.State).Select(group => $"{group.Count()} {group.Key}"));

    /// <summary>Where a point's pictures are.</summary>
    internal string PicturesOf(SweptPoint point) => new PointFolder(_folder, point.Point).Pictures;

    private static SweptPoint Look(PointFolder folder) => folder.Result is { } result ? new(folder.Point, "done", result, null)
        : new(folder.Point, folder.State, null, folder.Failure);

    private static SweepMean Mean(IEnumerable<SweptPoint> group)
    {
        var points = group.ToList();
        var results = points.Select(point => point.Result).OfType<PointResult>().ToList();
        var scores = new Dictionary<string, Score>();
        foreach (var figure in SweepFigure.All)
        {
            var values = results.Select(figure.Of).OfType<double>().ToList();
            if (values.Count > 0)
                scores[figure.Name] = Score.Of(values);
        }

        return new SweepMean(points[0], results.Count, scores);
    }
}
