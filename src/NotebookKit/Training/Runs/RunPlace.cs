using NotebookKit.Pipeline.Ldm;

namespace NotebookKit.Training.Runs;

/// <summary>Where a run's things lie: its output, and beside it card, log and checkpoints, all named after the output.</summary>
internal sealed class RunPlace
{
    private readonly string _ending;

    /// <summary>The place of an output; nothing need be there.</summary>
    public RunPlace(string output)
    {
        Output = Path.TrimEndingDirectorySeparator(Path.GetFullPath(output));
        _ending = LdmWriter.IsFile(Output) ? Path.GetExtension(Output) : "";
        Name = Path.GetFileName(Output)[..^_ending.Length];
        Folder = Path.GetDirectoryName(Output)!;
    }

    /// <summary>The result.</summary>
    public string Output { get; }

    /// <summary>Its name without <c>.safetensors</c> or <c>.ckpt</c>.</summary>
    public string Name { get; }

    /// <summary>The folder that it lies in.</summary>
    public string Folder { get; }

    /// <summary>The run card.</summary>
    public string Card => Path.Combine(Folder, Name + ".card.json");

    /// <summary>The events.</summary>
    public string Log => Path.Combine(Folder, Name + ".log.jsonl");

    /// <summary>The folder of its checkpoints.</summary>
    public string Checkpoints => Path.Combine(Folder, "checkpoints", Name);

    /// <summary>The first place beside it where nothing lies yet: <c>toy.1.safetensors</c> of <c>toy.safetensors</c>.</summary>
    public RunPlace NextFree => Numbered.First(place => place.IsFree);

    /// <summary>The places beside it, free or not.</summary>
    private IEnumerable<RunPlace> Numbered =>
        Enumerable.Range(1, int.MaxValue - 1).Select(n => new RunPlace(Path.Combine(Folder, $"{Name}.{n}{_ending}")));

    private bool IsFree => !Array.Exists([Output, Card, Log, Checkpoints], Path.Exists);
}
