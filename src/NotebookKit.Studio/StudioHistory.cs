using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using NotebookKit.Checkpoints;
using NotebookKit.Training;
using NotebookKit.Training.Runs;
using NotebookKit.Training.Settings;

namespace NotebookKit.Studio;

/// <summary>The runs, each a folder of <c>kit train</c>'s own files: <c>NAME/lora.safetensors</c>, its card, log, samples and
/// scores.</summary>
/// <param name="folder">Where they are.</param>
internal sealed partial class StudioHistory(string folder)
{
    private const string Result = "lora.safetensors", Scores = "scores.json";

    /// <summary>All of them, newest first.</summary>
    public IReadOnlyList<RunRow> All() => !Directory.Exists(folder) ? [] :
        [.. Directory.EnumerateDirectories(folder).Select(path => Path.GetFileName(path)!).Where(name => Safe().IsMatch(name))
            .OrderDescending(StringComparer.Ordinal).Select(Row).OfType<RunRow>()];

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

    /// <summary>Where a run's result lies.</summary>
    /// <exception cref="BadInputException">That is no run's name.</exception>
    public string OutputOf(string run) => Path.Combine(FolderOf(run), Result);

    /// <summary>A run's card.</summary>
    public RunCard CardOf(string run) => RunCard.Read(RunCard.PathFor(OutputOf(run)));

    /// <summary>The turns of a run's knobs, as its log has them.</summary>
    public IEnumerable<KnobTurn> TurnsOf(string run) => TrainLog.TurnsIn(TrainLog.PathFor(OutputOf(run)));

    /// <summary>Keeps a run's scores beside it.</summary>
    public void WriteScores(string run, RunScores scores) =>
        AtomicFile.WriteText(Path.Combine(FolderOf(run), Scores), JsonSerializer.Serialize(scores, TrainLog.Json) + "\n");

    /// <summary>The samples that a run drew after an epoch; null where there are none.</summary>
    public byte[]? Picture(string run,
        string epoch) => int.TryParse(epoch, out var after) && SamplesOf(run).TryGetValue(after, out var path)
        ? File.ReadAllBytes(path) : null;

    private string FolderOf(string run) => Safe().IsMatch(run) ? Path.Combine(folder, run)
        : throw new BadInputException("That is no run's name; reload the page.");

    private Dictionary<int, string> SamplesOf(string run)
    {
        var samples = Path.Combine(FolderOf(run), "samples");
        return !Directory.Exists(samples) ? [] : Directory.EnumerateFiles(samples, "*.png")
            .Select(path => (Path: path, Match: Epoch().Match(Path.GetFileName(path)))).Where(one => one.Match.Success)
            .ToDictionary(one => int.Parse(one.Match.Groups[1].ValueSpan, CultureInfo.InvariantCulture), one => one.Path);
    }

    private RunRow? Row(string run)
    {
        if (!File.Exists(RunCard.PathFor(OutputOf(run))))
            return null;
        var settings = CardOf(run).Settings;
        var scores = Path.Combine(FolderOf(run), Scores);
        return new RunRow(run, settings.Method, settings.Loss.PriorLossWeight, settings.Turns.Count, settings.Intervals.Epochs,
            settings.Lora.Rank, settings.Learning.Rate, File.Exists(OutputOf(run)),
            File.Exists(scores) ? JsonSerializer.Deserialize<RunScores>(File.ReadAllText(scores), TrainLog.Json) : null,
            [.. SamplesOf(run).Keys.Order()]);
    }

    [GeneratedRegex(@"^[0-9A-Za-z][0-9A-Za-z_-]{0,63}$")]
    private static partial Regex Safe();

    [GeneratedRegex(@"-epoch-(\d+)\.png$")]
    private static partial Regex Epoch();
}

/// <summary>How a run turned out.</summary>
/// <param name="Fidelity">Likeness of the subject's pictures to the photos, where the photos among themselves score 1.</param>
/// <param name="Pres">Likeness of the class's pictures to the photos: what has drifted.</param>
internal sealed record RunScores(double Fidelity, double Pres);

/// <summary>A run as the history lists it.</summary>
internal sealed record RunRow(string Run, TrainMethod Method, double PriorLossWeight, int Turns, int? Epochs, int Rank, double? Rate,
    bool Finished, RunScores? Scores, IReadOnlyList<int> Samples);
