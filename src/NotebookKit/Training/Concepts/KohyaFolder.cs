using System.Globalization;
using System.Text.RegularExpressions;
using NotebookKit.Images;
using NotebookKit.Text;

namespace NotebookKit.Training.Concepts;

/// <summary>A folder as kohya's scripts want it, <c>10_zkr toy</c>: repeats, identifier and class in its name.</summary>
/// <param name="Repeats">How often each picture is seen in an epoch.</param>
/// <param name="Words">What stands for a caption where there is none: <c>zkr toy</c>.</param>
public sealed partial record KohyaFolder(int Repeats, string Words)
{
    // 2024_holiday is a year, and not 2024 repeats.
    private const int MostRepeats = 999;

    /// <summary>The first word.</summary>
    public string Identifier => Words.Split(' ')[0];

    /// <summary>The others; null without any.</summary>
    public string? Class => Words.Contains(' ', StringComparison.Ordinal) ? Words[(Identifier.Length + 1)..].Trim() : null;

    /// <summary>What a folder's name says; null where it is an ordinary one.</summary>
    /// <param name="folder">Its path.</param>
    public static KohyaFolder? Of(string folder)
    {
        if (folder.Length == 0)
            return null;
        var match = Pattern().Match(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))));
        return match.Success && int.TryParse(match.Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var repeats)
            && repeats is >= 1 and <= MostRepeats ? new KohyaFolder(repeats, match.Groups[2].Value.Trim()) : null;
    }

    /// <summary>
    /// The concept with what its folder's name says, where nothing else was said. A folder that holds no pictures but such
    /// folders is as many concepts.
    /// </summary>
    /// <param name="concept">The concept as it was given.</param>
    public static IEnumerable<Concept> Expand(Concept concept)
    {
        if (!Directory.Exists(concept.InstanceDir) || Directory.EnumerateFiles(concept.InstanceDir).Any(ImageFolder.IsPicture))
            return [Named(concept)];
        var inside = Directory.EnumerateDirectories(concept.InstanceDir).Where(folder => Of(folder) is not null)
            .Order(StringComparer.Ordinal).ToList();
        return inside.Count == 0 ? [Named(concept)] : inside.Select(folder => Named(concept with { InstanceDir = folder }));
    }

    /// <summary>What is told about a concept whose folder is such a one; null for another.</summary>
    /// <param name="concept">The concept, expanded.</param>
    public static string? Sentence(Concept concept) => Of(concept.InstanceDir) is { } folder
        ? $"The folder {Path.GetFileName(Path.TrimEndingDirectorySeparator(concept.InstanceDir))} is read as kohya's: each picture "
            + $"{concept.Repeats} {(concept.Repeats == 1 ? "time" : "times")} in an epoch, "
            + (concept.InstanceToken == folder.Identifier ? $"called {folder.Words}." : $"with the prompts that were given.")
        : null;

    private static Concept Named(Concept concept)
    {
        if (Of(concept.InstanceDir) is not { } folder)
            return concept;
        concept = concept with { Repeats = concept.Repeats ?? folder.Repeats };
        return !string.IsNullOrWhiteSpace(concept.InstancePrompt) ? concept : concept with
        {
            InstancePrompt = FileWords.Placeholder,
            InstanceToken = concept.InstanceToken ?? folder.Identifier,
            ClassToken = concept.ClassToken ?? folder.Class,
        };
    }

    [GeneratedRegex(@"^(\d{1,4})_(.*\S.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
