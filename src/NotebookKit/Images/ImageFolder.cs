namespace NotebookKit.Images;

/// <summary>A folder of pictures, as a learner collects them.</summary>
public static class ImageFolder
{
    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg", ".webp"];

    /// <summary>
    /// The pictures right in a folder: its .png, .jpg, .jpeg and .webp files (in any case), sorted by name; hidden files
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
            : throw new BadInputException($"The folder {folder} holds no pictures; put .png, .jpg or .webp files right into it.");
    }

    /// <summary>Whether a file's name says that it is a picture which the kit reads, and not a hidden one.</summary>
    /// <param name="file">A name or path.</param>
    public static bool IsPicture(string file) =>
        Extensions.Contains(Path.GetExtension(file).ToLowerInvariant()) && !Path.GetFileName(file).StartsWith('.');
}
