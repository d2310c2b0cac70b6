using System.Globalization;

namespace NotebookKit.Lora.Use;

/// <summary>A LoRA as it is asked for: a name or a path, and how strongly it counts.</summary>
/// <param name="Path">The file.</param>
/// <param name="Multiplier">0 is off, 1 as trained; any number works.</param>
public sealed record LoraReference(string Path, double Multiplier)
{
    /// <summary>
    /// Reads <c>NAME</c>, <c>NAME:0.8</c>, <c>path/to/file.safetensors</c> or <c>path/to/file.safetensors:0.8</c>. A name is
    /// a file below <see cref="LoraLibrary.Folder"/> without its ending.
    /// </summary>
    /// <param name="text">The name or path, and the multiplier after a colon; 1 without one.</param>
    /// <param name="folder">Where names are looked up.</param>
    /// <exception cref="BadInputException">There is no such file; the sentence names those that are there.</exception>
    public static LoraReference Parse(string text, string folder = LoraLibrary.Folder)
    {
        var colon = text.LastIndexOf(':');
        var multiplier = 1.0;
        var name = text;
        if (colon > 0 && !File.Exists(text) && !Directory.Exists(text))
        {
            if (!double.TryParse(text[(colon + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out multiplier)
                || !double.IsFinite(multiplier))
                throw new BadInputException(
                    $"The LoRA's multiplier '{text[(colon + 1)..]}' is not a number; write {text[..colon]}:0.8 or leave it out.");
            name = text[..colon];
        }

        var library = new LoraLibrary(folder);
        return new LoraReference(library.Find(name) ?? throw new BadInputException(library.Missing(name)), multiplier);
    }
}
