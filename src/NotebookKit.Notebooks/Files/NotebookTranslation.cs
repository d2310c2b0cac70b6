using System.Security.Cryptography;
using System.Text;

namespace NotebookKit.Notebooks.Files;

/// <summary>
/// A notebook in another language, in a folder beside the original: the same cells of code with the same outputs, and prose of its own.
/// Cells are told apart by their ids. Each translated cell notes what it translates, so that one whose original has changed since is
/// found.
/// </summary>
public static class NotebookTranslation
{
    /// <summary>The field of a translated cell's metadata that has the fingerprint of the text it translates.</summary>
    public const string Field = "translates";

    /// <summary>The translation brought up to date: code and outputs as in the original, prose as it was translated. Cells of prose that
    /// the original does not have stay behind the cell that they stand behind.</summary>
    /// <param name="original">The original.</param>
    /// <param name="translation">The translation as it was.</param>
    /// <exception cref="BadInputException">A cell of prose is not translated.</exception>
    public static NotebookDocument Refresh(NotebookDocument original, NotebookDocument translation)
    {
        ArgumentNullException.ThrowIfNull(original);
        ArgumentNullException.ThrowIfNull(translation);
        var known = original.Cells.Select(cell => cell.Id).ToHashSet();
        var places = translation.Cells.Index().ToDictionary(cell => cell.Item.Id, cell => cell.Index);
        var cells = new List<NotebookCell>();
        foreach (var cell in original.Cells)
        {
            var there = places.TryGetValue(cell.Id, out var at);
            if (!there && cell.IsMarkdown)
                throw new BadInputException($"{translation.Name}: the cell '{cell.Id}' is not translated; write it into the translation.");
            cells.Add((cell.IsMarkdown ? translation.Cells[at] : cell).Copy());
            if (cell.IsCode)
                cells[^1].Source = Deeper(cell.Source);
            if (there)
                cells.AddRange(translation.Cells.Skip(at + 1).TakeWhile(own => own.IsMarkdown && !known.Contains(own.Id))
                    .Select(own => own.Copy()));
        }

        return original.With(cells);
    }

    /// <summary>The ids of the cells whose original says something else than what was translated, or is not translated at all.</summary>
    /// <param name="original">The original.</param>
    /// <param name="translation">The translation.</param>
    public static IReadOnlyList<string> Stale(NotebookDocument original, NotebookDocument translation)
    {
        ArgumentNullException.ThrowIfNull(original);
        ArgumentNullException.ThrowIfNull(translation);
        return [.. original.Cells.Where(cell => cell.IsMarkdown
            && translation.Cells.FirstOrDefault(other => other.Id == cell.Id)?.Metadata(Field) != Fingerprint(cell.Source))
            .Select(cell => cell.Id)];
    }

    /// <summary>Twelve hexadecimal digits that change with a text.</summary>
    /// <param name="text">The text.</param>
    public static string Fingerprint(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text ?? throw new ArgumentNullException(nameof(text)))))[..12];

    // The translation lies one folder deeper: what code reads beside notebooks/ is one further up.
    private static string Deeper(string code) => code.Replace("\"../", "\"../../", StringComparison.Ordinal);
}
