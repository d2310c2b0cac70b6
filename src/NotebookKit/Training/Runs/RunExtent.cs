using System.Globalization;
using NotebookKit.Checkpoints;

namespace NotebookKit.Training.Runs;

/// <summary>How far a result has been trained.</summary>
/// <param name="Steps">Optimizer steps.</param>
/// <param name="Epochs">Whole epochs.</param>
internal sealed record RunExtent(int Steps, int Epochs)
{
    /// <summary>Whether it has come at least as far as another.</summary>
    public bool Covers(RunExtent other) => Steps >= other.Steps && Epochs >= other.Epochs;

    /// <summary>How far the result in a place has come; null where nothing tells, as of a file that no run of the kit has made.</summary>
    public static RunExtent? Of(RunPlace place) => Path.Exists(place.Output) ? OfNotes(place.Output) ?? OfCard(place.Card) : null;

    // A LoRA and a new word say it themselves.
    private static RunExtent? OfNotes(string output)
    {
        if (!File.Exists(output) || !output.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
            return null;
        try
        {
            var notes = Safetensors.ReadMetadata(output);
            return Number(notes, "ss_steps") is { } steps && Number(notes, "ss_epoch") is { } epochs ? new(steps, epochs) : null;
        }
        catch (BadInputException)
        {
            return null; // no file of a run's
        }
    }

    private static RunExtent? OfCard(string path)
    {
        try
        {
            return File.Exists(path) && RunCard.Read(path) is { Steps: { } steps, Epochs: { } epochs } ? new(steps, epochs) : null;
        }
        catch (BadInputException)
        {
            return null;
        }
    }

    private static int? Number(IReadOnlyDictionary<string, string> notes, string name) =>
        notes.TryGetValue(name, out var text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number : null;
}
