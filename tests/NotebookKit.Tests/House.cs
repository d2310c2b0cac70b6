// Torch uses every core and some claims are about the whole process's memory: one test at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace NotebookKit.Tests;

/// <summary>Where things lie in the checkout that the tests were built from.</summary>
internal static class House
{
    /// <summary>The checkout's root: the folder above the test assembly that holds Kit.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A path of reference data below <c>tests/golden</c>.</summary>
    public static string Golden(params string[] parts) => Path.Combine([Root, "tests", "golden", .. parts]);

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Kit.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("Kit.sln not found above the test assembly.");
    }
}
