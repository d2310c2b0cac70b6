using NotebookKit.Tensors;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Parity;

/// <summary>Collects the verdicts and shows each as it comes.</summary>
/// <param name="show">Takes one line per case.</param>
internal sealed class ParityReport(Action<string> show)
{
    private readonly List<ParityCase> _cases = [];

    /// <summary>The verdicts so far.</summary>
    public IReadOnlyList<ParityCase> Cases => _cases;

    /// <summary>How many cases kept to their tolerance.</summary>
    public int Passed => _cases.Count(c => c.Status == "passed");

    /// <summary>How many did not.</summary>
    public int Failed => _cases.Count(c => c.Status == "failed");

    /// <summary>How many were not run.</summary>
    public int Skipped => _cases.Count(c => c.Status == "skipped");

    /// <summary>Runs one case. Whatever it throws fails this case and no other.</summary>
    public void Run(string area, string name, Action<Measurement> compare)
    {
        var measurement = new Measurement();
        try
        {
            using var scope = NewDisposeScope();
            compare(measurement);
            if (measurement.Empty)
                Skip(area, name, "it names nothing that could be compared");
            else
                Add(new ParityCase(area, name, measurement.Passed ? "passed" : "failed", Finite(measurement.Error),
                    Finite(measurement.Tolerance), measurement.Passed ? null : measurement.What));
        }
        catch (Exception e)
        {
            Add(new ParityCase(area, name, "failed", null, null, TorchErrors.Sentence(e).ReplaceLineEndings(" ")));
        }
    }

    /// <summary>Runs an area. A file that can't be read at all fails the area and no other.</summary>
    public void RunArea(ParityArea area, ReferenceFolder folder)
    {
        try
        {
            area.Run(folder, this);
        }
        catch (Exception e)
        {
            Add(new ParityCase(area.Name, "*", "failed", null, null, TorchErrors.Sentence(e).ReplaceLineEndings(" ")));
        }
    }

    /// <summary>Names a case that is not run, and why.</summary>
    public void Skip(string area, string name, string why) => Add(new ParityCase(area, name, "skipped", null, null, why));

    private void Add(ParityCase verdict)
    {
        _cases.Add(verdict);
        show(verdict.ToString());
    }

    // JSON has no NaN and no infinity.
    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
