using System.Text.Json;
using NotebookKit.Checkpoints;
using NotebookKit.Images;

namespace NotebookKit.Training.Runs;

/// <summary>
/// Samples as they were drawn, edge to edge in one PNG with a row for each prompt, the prompts as text within the file. The
/// grid beside it is for the eye: enlarged and captioned, it no longer holds the pictures to the bit.
/// </summary>
internal static class SampleSheet
{
    private const string Keyword = "rows";

    /// <summary>The sheet's path beside a grid's: <c>toy-epoch-0010.sheet.png</c>.</summary>
    public static string Beside(string grid) => Path.ChangeExtension(grid, ".sheet.png");

    /// <summary>Writes a sheet; a file of that name is replaced only when all is written.</summary>
    public static void Write(string path, IReadOnlyList<SampleRow> rows)
    {
        var (width, height) = (rows[0].Pictures[0].Width, rows[0].Pictures[0].Height);
        var sheet = new RgbImage(width * rows.Max(row => row.Pictures.Count), height * rows.Count);
        for (var r = 0; r < rows.Count; r++)
        {
            for (var column = 0; column < rows[r].Pictures.Count; column++)
                sheet.Paste(rows[r].Pictures[column], column * width, r * height);
        }

        var texts = JsonSerializer.Serialize(rows.Select(row => new Line(row.Prompt, row.Pictures.Count)));
        AtomicFile.Write(path, file => file.Write(sheet.ToPng(new Dictionary<string, string> { [Keyword] = texts })));
    }

    /// <summary>The rows of a sheet.</summary>
    /// <exception cref="BadInputException">The file is gone, damaged, or no sheet.</exception>
    public static IReadOnlyList<SampleRow> Read(string path)
    {
        var bytes = RgbImage.BytesOf(path);
        var lines = Lines(bytes, path);
        var sheet = RgbImage.Decode(bytes, path);
        var (columns, rows) = (lines.Max(line => line.Count), lines.Count);
        if (sheet.Width % columns != 0 || sheet.Height % rows != 0)
            throw NoSheet(path);
        var (width, height) = (sheet.Width / columns, sheet.Height / rows);
        return
        [
            .. lines.Select((line, r) => new SampleRow(line.Prompt,
                [.. Enumerable.Range(0, line.Count).Select(column => sheet.Crop(column * width, r * height, width, height))])),
        ];
    }

    private static List<Line> Lines(byte[] bytes, string path)
    {
        try
        {
            if (PngText.Read(bytes, path).TryGetValue(Keyword, out var text)
                && JsonSerializer.Deserialize<List<Line?>>(text) is { Count: > 0 } lines
                && lines.TrueForAll(line => line is { Prompt: not null, Count: > 0 }))
                return lines!;
        }
        catch (JsonException)
        {
            // Told below.
        }

        throw NoSheet(path);
    }

    private static BadInputException NoSheet(string path) =>
        new($"{path} is no sheet of samples that a training wrote: its text '{Keyword}' is missing or does not fit the picture; train "
            + "anew.");

    private sealed record Line(string Prompt, int Count);
}
