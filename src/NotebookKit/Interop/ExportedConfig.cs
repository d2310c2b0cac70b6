namespace NotebookKit.Interop;

/// <summary>A run as another trainer takes it.</summary>
/// <param name="Trainer">Whose, and from which version on.</param>
/// <param name="Files">The files to write, by name.</param>
/// <param name="Command">The command line that trains it, on as many GPUs as were asked for.</param>
/// <param name="Missing">What the other trainer has no counterpart for, a sentence each; nothing is left out without one.</param>
/// <param name="Notes">What it does otherwise with the same setting.</param>
public sealed record ExportedConfig(string Trainer, IReadOnlyDictionary<string, string> Files, string Command,
    IReadOnlyList<string> Missing, IReadOnlyList<string> Notes)
{
    /// <summary>How accelerate is told of the GPUs.</summary>
    internal static string Launch(int gpus) =>
        "accelerate launch " + (gpus > 1 ? $"--multi_gpu --num_processes {gpus}" : "--num_processes 1");

    /// <summary>What every other trainer does otherwise.</summary>
    internal static IEnumerable<string> NotesOfAll(int gpus)
    {
        if (gpus > 1)
            yield return $"Each of the {gpus} GPUs takes a batch of its own, so a step sees {gpus} times as many pictures.";
        yield return "Its random numbers are others: the same seed trains as well, and not the same.";
    }
}

/// <summary>A run as another trainer's file described it.</summary>
/// <param name="Card">The run card.</param>
/// <param name="Missing">What the kit has no counterpart for, a sentence each.</param>
public sealed record ImportedConfig(Training.Runs.RunCard Card, IReadOnlyList<string> Missing);
