namespace NotebookKit.Tests;

/// <summary>A folder that is gone after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    /// <summary>The folder.</summary>
    public string Root { get; } = Directory.CreateTempSubdirectory("kit-test-").FullName;

    /// <summary>A path in it.</summary>
    public string this[params string[] parts] => Path.Combine([Root, .. parts]);

    /// <summary>Removes it with all in it.</summary>
    public void Dispose() => Directory.Delete(Root, recursive: true);
}
