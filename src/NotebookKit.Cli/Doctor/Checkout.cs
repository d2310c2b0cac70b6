namespace NotebookKit.Cli.Doctor;

/// <summary>Where the checkout lies that this program was built from.</summary>
internal static class Checkout
{
    /// <summary>The folder above the program that holds the <c>kit</c> script; the working folder where there is none.</summary>
    public static string Root { get; } = Find();

    public static string Artifacts(params string[] parts) => Path.Combine([Root, "artifacts", .. parts]);

    /// <summary>A path as one would type it in the checkout.</summary>
    public static string Relative(string path) =>
        path.StartsWith(Root + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? Path.GetRelativePath(Root, path) : path;

    private static string Find()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "kit")))
                return folder;
        return Environment.CurrentDirectory;
    }
}
