namespace NotebookKit.Images;

/// <summary>A folder of pictures, as a learner collects them.</summary>
public static class ImageFolder
{
    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".gif"];

    // Pictures all the same, in the eyes of who put them there.
    private static readonly string[] OtherPictures = [".heic", ".heif", ".avif", ".tif", ".tiff", ".jxl", ".jp2", ".psd", ".svg", ".tga",
        ".ico", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".raf", ".rw2"];

    /// <summary>
    /// The pictures right in a folder: its .png, .jpg, .jpeg, .jfif, .webp, .bmp and .gif files (in any case), sorted by name; hidden files
    /// are left out.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="BadInputException">The folder is missing or holds no picture.</exception>
    public static IReadOnlyList<string> List(string folder)
    {
        if (File.Exists(folder))
            throw new BadInputException($"{folder} is a file; give the folder that holds the pictures.");
        if (!Directory.Exists(folder))
            throw new BadInputException($"There is no folder {folder}; give the folder that holds the pictures.");
        var files = Directory.EnumerateFiles(folder)
            .Where(IsPicture)
            .Order(StringComparer.Ordinal)
            .ToList();
        return files.Count > 0 ? files
            : throw new BadInputException($"The folder {folder} holds no pictures{(UnreadIn(folder) is { Count: > 0 } unread
                ? $" that the kit reads ({string.Join(", ", unread.Take(5).Select(Path.GetFileName))}); save them as PNG or JPEG"
                : "; put .png, .jpg or .webp files right into it")}.");
    }

    /// <summary>The pictures right in a folder that are of kinds which the kit does not read, sorted by name.</summary>
    /// <param name="folder">The folder.</param>
    public static IReadOnlyList<string> UnreadIn(string folder) => [.. Directory.EnumerateFiles(folder)
        .Where(file => OtherPictures.Contains(Path.GetExtension(file).ToLowerInvariant()) && !Path.GetFileName(file).StartsWith('.'))
        .Order(StringComparer.Ordinal)];

    /// <summary>Whether a file's name says that it is a picture which the kit reads, and not a hidden one.</summary>
    /// <param name="file">A name or path.</param>
    public static bool IsPicture(string file) =>
        Extensions.Contains(Path.GetExtension(file).ToLowerInvariant()) && !Path.GetFileName(file).StartsWith('.');
}
