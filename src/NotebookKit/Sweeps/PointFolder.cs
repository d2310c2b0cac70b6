using System.Text.Json;
using NotebookKit.Checkpoints;
using NotebookKit.Training;
using NotebookKit.Training.Runs;

namespace NotebookKit.Sweeps;

/// <summary>A point's folder: its run's files, its lock, and how it turned out.</summary>
/// <param name="sweep">The sweep.</param>
/// <param name="point">The point.</param>
internal sealed class PointFolder(SweepFolder sweep, SweepPoint point)
{
    private readonly string _root = sweep.PathOf(point.Number);

    /// <summary>The sweep.</summary>
    public SweepFolder Sweep => sweep;

    /// <summary>The point.</summary>
    public SweepPoint Point => point;

    /// <summary>Its settings, in its place.</summary>
    public TrainOptions Options => sweep.OptionsOf(point);

    /// <summary>Where its run writes.</summary>
    public RunPlace Place => new(Options.OutputPath);

    /// <summary>What its process said.</summary>
    public string Said => Path.Combine(_root, "said.txt");

    /// <summary>What its result draws, when it was measured.</summary>
    public string Pictures => Path.Combine(_root, "pictures.png");

    /// <summary>The lock.</summary>
    public string LockFile => Path.Combine(_root, "lock");

    /// <summary>When it was begun, and from where.</summary>
    public string Attempts => Path.Combine(_root, "attempts.jsonl");

    private string ResultFile => Path.Combine(_root, "result.json");

    private string FailedFile => Path.Combine(_root, "failed.txt");

    /// <summary>Whether it is done, at the price of a look at the disk.</summary>
    public bool IsDone => File.Exists(ResultFile);

    /// <summary>How it turned out; null before it is done.</summary>
    public PointResult? Result
    {
        get
        {
            try
            {
                return JsonSerializer.Deserialize<PointResult>(File.ReadAllBytes(ResultFile), TrainLog.Json);
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                return null;
            }
            catch (JsonException e)
            {
                throw new BadInputException($"{ResultFile} is damaged: {e.Message} Delete it, and call the sweep again.", e);
            }
        }
    }

    /// <summary>Why it failed when it was tried last; null where it did not.</summary>
    public string? Failure => File.Exists(FailedFile) ? File.ReadAllText(FailedFile).Trim() : null;

    /// <summary>Where it stands: done, failed, running, stopped (there is a checkpoint to go on from) or waiting.</summary>
    public string State => IsDone ? "done"
        : PointLock.IsHeld(LockFile) ? "running"
        : Failure is not null ? "failed"
        : RunStates.In(Place.Checkpoints).Count > 0 ? "stopped" : "waiting";

    /// <summary>Says that it is done.</summary>
    public void Done(PointResult result)
    {
        var text = JsonSerializer.Serialize(result, TrainLog.Json) + "\n";
        if (result.Dry)
            File.WriteAllText(ResultFile, text); // thousands of them, and nothing that anybody has waited for
        else
            AtomicFile.WriteText(ResultFile, text);
        File.Delete(FailedFile);
    }

    /// <summary>Says why it failed, or with null that it is tried again.</summary>
    public void Failed(string? why)
    {
        if (why is null)
            File.Delete(FailedFile);
        else
            AtomicFile.WriteText(FailedFile, why + "\n");
    }
}
