namespace NotebookKit.Tensors;

/// <summary>Where a file goes that is made once for this machine.</summary>
internal static class CacheFolder
{
    /// <summary>Folders to try, the best first: the user's cache, the program's own, one for this process alone. Each may turn out not to
    /// take a file.</summary>
    public static IEnumerable<string> Places()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } chosen ? chosen : home.Length > 0
            ? Path.Combine(home, ".cache") : "";
        if (Path.IsPathFullyQualified(cache))
            yield return Path.Combine(cache, "notebookkit");
        yield return AppContext.BaseDirectory;
        yield return Path.Combine(Path.GetTempPath(), $"notebookkit-{Environment.ProcessId}-{Guid.NewGuid():N}");
    }
}
