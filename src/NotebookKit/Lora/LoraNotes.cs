using NotebookKit.Lora.Files;
using NotebookKit.Lora.Kinds;

namespace NotebookKit.Lora;

/// <summary>The notes by which other tools know a LoRA's shape.</summary>
internal static class LoraNotes
{
    /// <summary>The notes of a file: older ones, those about its shape, and new ones, which win.</summary>
    public static Dictionary<string, string> Of(IReadOnlyList<AdapterWeights> modules, IReadOnlyDictionary<string, string> older,
        IReadOnlyDictionary<string, string>? newer)
    {
        var notes = new Dictionary<string, string>(older);
        foreach (var kind in AdapterKind.All)
            kind.Note(modules, notes);
        foreach (var (key, value) in newer ?? new Dictionary<string, string>())
            notes[key] = value;
        return notes;
    }
}
