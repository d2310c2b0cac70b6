using System.Globalization;
using System.Text.RegularExpressions;
using NotebookKit.Sweeps;
using NotebookKit.Training;
using NotebookKit.Training.Settings;

namespace NotebookKit.Studio;

/// <summary>The runs, each a folder of <c>kit train</c>'s own files: its result, its card, log, samples and scores.</summary>
/// <param name="folder">Where they are.</param>
internal sealed partial class StudioHistory(string folder)
{
    // What says where a run lies, and not how it was trained.
    private static readonly HashSet<string> Places = ["output", "resume", "turns", "class_dir"];

    /// <summary>All of them, newest first; one whose card cannot be read is left out.</summary>
    public IReadOnlyList<RunRow> All() => !Directory.Exists(folder) ? [] :
        [.. Directory.EnumerateDirectories(folder).Select(path => Path.GetFileName(path)!).Where(name => Safe().IsMatch(name))
            .OrderDescending(StringComparer.Ordinal).Select(Row).OfType<RunRow>()];

    /// <summary>The sweeps among them, newest name first; one that cannot be read is left out.</summary>
    public IReadOnlyList<SweepRow> Sweeps() => !Directory.Exists(folder) ? [] :
        [.. Directory.EnumerateDirectories(folder).Where(path => Safe().IsMatch(Path.GetFileName(path)) && SweepFolder.Is(path))
            .OrderDescending(StringComparer.Ordinal).Select(SweepRowOf).OfType<SweepRow>()];

    /// <summary>A sweep's table, charts and best pictures, as a page.</summary>
    /// <exception cref="BadInputException">That is no sweep's name.</exception>
    public string SweepOf(string name) => SweepPage.Of(Sweep.Open(Path.Combine(folder, Safe().IsMatch(name) ? name
        : throw new BadInputException("That is no sweep's name; reload the page."))));

    /// <summary>A name that no run has.</summary>
    public string NewName()
    {
        var now = DateTime.Now.ToString("yyyy-MM-dd-HHmmss", CultureInfo.InvariantCulture);
        for (var i = 1; ; i++)
        {
            var name = i == 1 ? now : $"{now}-{i}";
            if (!Directory.Exists(Path.Combine(folder, name)))
                return name;
        }
    }

    /// <summary>A run's folder; it need not be there.</summary>
    /// <exception cref="BadInputException">That is no run's name.</exception>
    public RunFolder Of(string run) => Safe().IsMatch(run) ? new RunFolder(Path.Combine(folder, run))
        : throw new BadInputException("That is no run's name; reload the page.");

    /// <summary>The samples that a run drew after an epoch; null where there are none.</summary>
    public byte[]? Picture(string run, string epoch) =>
        int.TryParse(epoch, out var after) && Of(run).Samples().TryGetValue(after, out var path) ? File.ReadAllBytes(path) : null;

    /// <summary>Two runs side by side: what their settings differ in, and how each turned out.</summary>
    public object Compare(string first, string second)
    {
        var (a, b) = (Of(first).Card.Settings, Of(second).Card.Settings);
        return new
        {
            Runs = new[] { Row(first), Row(second) },
            Differences = from setting in Setting.All
                          where !Places.Contains(setting.Name)
                          let of = (A: StudioForm.Shown(setting, a), B: StudioForm.Shown(setting, b))
                          where of.A != of.B
                          select new { setting.Name, of.A, of.B },
            Turns = new[] { a.Turns.Select(turn => turn.ToString()), b.Turns.Select(turn => turn.ToString()) },
        };
    }

    private RunRow? Row(string run)
    {
        try
        {
            var of = Of(run);
            if (of.CardFile is null)
                return null;
            var card = of.Card;
            var settings = card.Settings;
            var done = Path.Exists(of.Output);
            var state = card.Steps is null || !done ? "cut" : card.Epochs < settings.EpochsInAll ? "stopped" : "finished";
            return new RunRow(run, settings.Method, settings.Loss.PriorLossWeight,
                settings.Turns.LastOrDefault(turn => turn.PriorLossWeight is not null)?.PriorLossWeight, settings.Intervals.Epochs,
                settings.Lora.Rank, settings.Learning.Rate, state, done, of.Measures, [.. of.Samples().Keys]);
        }
        catch (Exception e) when (e is BadInputException or IOException)
        {
            return null;
        }
    }

    private static SweepRow? SweepRowOf(string path)
    {
        try
        {
            var sweep = SweepFolder.Open(path);
            return new SweepRow(sweep.Name, sweep.Spec.Count, sweep.Points.Count(point => point.IsDone));
        }
        catch (Exception e) when (e is BadInputException or IOException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"^[0-9A-Za-z][0-9A-Za-z_-]{0,63}\z")]
    private static partial Regex Safe();
}

/// <summary>A run as the history lists it.</summary>
/// <param name="Run">Its name.</param>
/// <param name="Method">What was trained.</param>
/// <param name="PriorLossWeight">The weight that it began with.</param>
/// <param name="LastWeight">The weight that it was turned to last; null where it was not.</param>
/// <param name="Epochs">Epochs of the whole run.</param>
/// <param name="Rank">The LoRA's rank.</param>
/// <param name="Rate">The learning rate.</param>
/// <param name="State">finished, stopped, or cut: it lives, or was cut off.</param>
/// <param name="Usable">Whether there is a result to draw with.</param>
/// <param name="Measures">What was measured.</param>
/// <param name="Samples">Epochs after which samples were drawn.</param>
internal sealed record RunRow(string Run, TrainMethod Method, double PriorLossWeight, double? LastWeight, int? Epochs, int Rank,
    double? Rate, string State, bool Usable, RunMeasures Measures, IReadOnlyList<int> Samples);

/// <summary>A sweep as the history lists it.</summary>
/// <param name="Sweep">Its name.</param>
/// <param name="Points">How many points it has.</param>
/// <param name="Done">How many of them are done.</param>
internal sealed record SweepRow(string Sweep, int Points, int Done);
