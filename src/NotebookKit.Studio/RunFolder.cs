using System.Text.Json;
using NotebookKit.Checkpoints;
using NotebookKit.Training;
using NotebookKit.Training.Runs;

namespace NotebookKit.Studio;

/// <summary>A run's folder: <c>kit train</c>'s own files, and beside them what was measured.</summary>
/// <param name="path">The folder.</param>
internal sealed class RunFolder(string path)
{
    private const string CardEnding = ".card.json", ScoresFile = "scores.json";

    /// <summary>The run's name.</summary>
    public string Name { get; } = Path.GetFileName(path);

    /// <summary>The run's card; null where the folder has none.</summary>
    public string? CardFile => !Directory.Exists(path) ? null
        : Directory.EnumerateFiles(path, "*" + CardEnding).OrderBy(file => file.Length).FirstOrDefault(); // lora.1 was set aside

    /// <summary>Where the result lies, or will: the card's name without its ending, a folder or a file.</summary>
    public string Output
    {
        get
        {
            var stem = CardFile is { } card ? card[..^CardEnding.Length] : throw NoCard();
            return Directory.Exists(stem) || Card.Settings.WritesModel ? stem : stem + ".safetensors";
        }
    }

    /// <summary>The run's card, read.</summary>
    /// <exception cref="BadInputException">There is none, or it is damaged.</exception>
    public RunCard Card => RunCard.Read(CardFile ?? throw NoCard());

    /// <summary>What a run by a method is to write here.</summary>
    public string OutputOf(TrainMethod method) => Path.Combine(path, method switch
    {
        TrainMethod.Lora or TrainMethod.LoraExtended => "lora.safetensors",
        TrainMethod.TextualInversion => "word.safetensors",
        _ => "model",
    });

    /// <summary>Whether there is a state to go on from.</summary>
    public bool HasState => RunStates.In(new RunPlace(Output).Checkpoints).Count > 0;

    /// <summary>The settings to go on with: those of the card, and the turns that the log has, which a card of a run that was cut
    /// off lacks.</summary>
    public TrainOptions Continued()
    {
        var settings = Card.Settings;
        return settings with
        {
            Turns = [.. settings.Turns.Union(TrainLog.TurnsIn(TrainLog.PathFor(Output)))],
            Saving = settings.Saving with { Resume = HasState, Output = Output },
        };
    }

    /// <summary>What was measured; empty where nothing was.</summary>
    public RunMeasures Measures
    {
        get
        {
            var file = Path.Combine(path, ScoresFile);
            try
            {
                return File.Exists(file) ? JsonSerializer.Deserialize<RunMeasures>(File.ReadAllText(file), TrainLog.Json)! : new([], null);
            }
            catch (JsonException)
            {
                return new([], null); // as if it had not been measured
            }
        }
        set => AtomicFile.WriteText(Path.Combine(path, ScoresFile), JsonSerializer.Serialize(value, TrainLog.Json) + "\n");
    }

    /// <summary>The sample grids by the epoch after which they were drawn.</summary>
    public IReadOnlyDictionary<int, string> Samples()
    {
        var folder = Path.Combine(path, "samples");
        var found = new SortedDictionary<int, string>();
        if (!Directory.Exists(folder))
            return found;
        foreach (var file in Directory.EnumerateFiles(folder, "*-epoch-*.png"))
        {
            if (int.TryParse(Path.GetFileNameWithoutExtension(file).Split('-')[^1], out var epoch)) // its sheet's is no number
                found[epoch] = file;
        }

        return found;
    }

    private BadInputException NoCard() => new($"The run {Name} has no run card, so nobody knows how it was trained; train anew.");
}

/// <summary>What was measured of a run.</summary>
/// <param name="Along">By the sample rows, on the way.</param>
/// <param name="End">By more pictures, of the result; null before.</param>
internal sealed record RunMeasures(IReadOnlyList<RunScores> Along, RunScores? End)
{
    /// <summary>With one more on the way; what a run that goes on measures again takes the place of what it had.</summary>
    public RunMeasures With(RunScores scores) =>
        this with { Along = [.. Along.Where(one => one.Epoch < scores.Epoch), scores] };
}

/// <summary>How a run turned out, or stood after an epoch.</summary>
/// <param name="Epoch">After this epoch.</param>
/// <param name="Fidelity">Likeness of the subject's pictures to the photos, where the photos among themselves score 1.</param>
/// <param name="Pres">The same of the class's pictures: what has drifted; null without a class prompt.</param>
/// <param name="Diversity">How much the class's pictures differ from each other; null without a class prompt.</param>
internal sealed record RunScores(int Epoch, double Fidelity, double? Pres, double? Diversity)
{
    /// <summary>The same of a word beside the subject that no class image shows; null where it was not asked for.</summary>
    public double? Neighbour { get; init; }
}
