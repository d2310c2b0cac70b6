using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NotebookKit.Checkpoints;
using static TorchSharp.torch;

namespace NotebookKit.Training.Runs;

/// <summary>The states of a run as files: a run goes on from one of them, and each tells whether it is whole.</summary>
internal static class RunStates
{
    /// <summary>What such a file's name ends in.</summary>
    public const string Ending = CheckpointFile.StateEnding;

    private const string Note = CheckpointFile.StateNote, Sum = "sha256";

    /// <summary>The states in a run's folder, the oldest first.</summary>
    public static IReadOnlyList<string> In(string folder) => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder, "epoch-*" + Ending).OrderBy(StepOf)]
        : [];

    /// <summary>Whether a name is that of a state, or of one that a kill has left unfinished.</summary>
    public static bool IsState(string path) =>
        path.EndsWith(Ending, StringComparison.Ordinal) || path.EndsWith(".tmp", StringComparison.Ordinal);

    /// <summary>The step that a state was written after.</summary>
    public static long StepOf(string path) =>
        long.TryParse(Path.GetFileName(path)[..^Ending.Length].Split("-step-")[^1], out var step) ? step : -1;

    /// <summary>Writes one, in one piece or not at all.</summary>
    public static void Write(string path, RunPosition position, IReadOnlyDictionary<string, Tensor> tensors)
    {
        using var steps = StepHistory.Of(position.History);
        var all = new Dictionary<string, Tensor>(tensors);
        if (position.History.Count > 0)
            all[StepHistory.Name] = steps;
        Safetensors.Save(path, all, new Dictionary<string, string>
        {
            [Note] = JsonSerializer.Serialize(position with { History = [] }, TrainLog.Json),
            [Sum] = SumOf(all),
        });
    }

    /// <summary>Reads one whole.</summary>
    /// <exception cref="BadInputException">It is damaged, or no state of a run.</exception>
    public static (RunPosition Position, Dictionary<string, Tensor> Tensors) Read(string path)
    {
        var notes = Safetensors.ReadMetadata(path);
        var tensors = Safetensors.Load(path);
        try
        {
            if (!notes.TryGetValue(Note, out var note) || JsonSerializer.Deserialize<RunPosition>(note, TrainLog.Json) is not { } position)
                throw new BadInputException($"{path} is no checkpoint of a run.");
            // Those of before had no sum.
            if (notes.TryGetValue(Sum, out var sum) && sum != SumOf(tensors))
                throw new BadInputException($"{path} is damaged: its numbers are not those that were written.");
            // Those of before had their steps in the note.
            if (tensors.Remove(StepHistory.Name, out var steps))
                position = position with { History = StepHistory.From(steps, path) };
            return (position, tensors);
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{path} is no checkpoint of a run: {e.Message}", e);
        }
    }

    private static string SumOf(IReadOnlyDictionary<string, Tensor> tensors)
    {
        using var grad = no_grad();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, tensor) in tensors.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            using var scope = NewDisposeScope();
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData(tensor.detach().cpu().contiguous().bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <summary>Where a run is.</summary>
internal sealed record RunPosition
{
    /// <summary>Optimizer steps that were made.</summary>
    public int Step { get; init; }

    /// <summary>Whole epochs that were made.</summary>
    public int Epoch { get; init; }

    /// <summary>Steps of the next epoch that were made already.</summary>
    public int StepInEpoch { get; init; }

    /// <summary>What every step measured.</summary>
    public IReadOnlyList<StepRecord> History { get; init; } = [];

    /// <summary>The settings that must not change when the run goes on.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>SHA-256 of the subject's pictures by path; null in states of before.</summary>
    public IReadOnlyDictionary<string, string>? Pictures { get; init; }

    /// <summary>The same of the class images.</summary>
    public IReadOnlyDictionary<string, string>? ClassPictures { get; init; }

    /// <summary>The same of the masks.</summary>
    public IReadOnlyDictionary<string, string>? Masks { get; init; }

    /// <summary>What each picture is learned with, by path (<see cref="RunCard.Prompts"/>).</summary>
    public IReadOnlyDictionary<string, string>? Prompts { get; init; }
}
