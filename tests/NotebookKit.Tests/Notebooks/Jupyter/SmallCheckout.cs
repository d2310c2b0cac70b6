
namespace NotebookKit.Tests.Notebooks.Jupyter;

/// <summary>
/// What <c>kit lab</c> needs of a checkout, somewhere else: a front end may save its notebooks, and what their cells write
/// is gone afterwards.
/// </summary>
internal sealed class SmallCheckout : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public SmallCheckout()
    {
        Copy("kit");
        foreach (var notebook in Directory.GetFiles(Path.Combine(House.Root, "notebooks"), "*.ipynb"))
            Copy(Path.GetRelativePath(House.Root, notebook));
        // The program looks for its checkout above itself, so it is not a link.
        foreach (var file in Directory.GetFiles(Path.Combine(House.Root, "artifacts", "bin", "NotebookKit.Cli"), "*",
            SearchOption.AllDirectories))
            Copy(Path.GetRelativePath(House.Root, file));
        foreach (var linked in new[] { "data", Path.Combine("artifacts", "bin", "NotebookKit") })
            Directory.CreateSymbolicLink(this[linked], Path.Combine(House.Root, linked));
    }

    /// <summary>The command line's program.</summary>
    public string Program => this["artifacts", "bin", "NotebookKit.Cli", "release", "kit-cli.dll"];

    /// <summary>The folder.</summary>
    public string Root => _folder.Root;

    /// <summary>A path in it.</summary>
    public string this[params string[] parts] => _folder[parts];

    public void Dispose() => _folder.Dispose();

    private void Copy(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[path])!);
        File.Copy(Path.Combine(House.Root, path), this[path]);
    }
}
