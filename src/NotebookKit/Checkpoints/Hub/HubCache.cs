namespace NotebookKit.Checkpoints.Hub;

/// <summary>
/// A model's folder in the cache that Python's <c>huggingface_hub</c> shares: <c>blobs/</c> holds each file once under its
/// hash, <c>snapshots/COMMIT/</c> links to them under their names, <c>refs/REVISION</c> names a commit.
/// </summary>
internal sealed class HubCache(string cacheFolder, string model)
{
    /// <summary>The model's folder.</summary>
    public string Folder { get; } = Path.Combine(cacheFolder, "models--" + model.Replace("/", "--", StringComparison.Ordinal));

    /// <summary>Where a file's bytes are kept.</summary>
    public string Blob(HubFile file) => Path.Combine(Folder, "blobs", file.Hash);

    /// <summary>The files of a commit under their names.</summary>
    public string Snapshot(string commit) => Path.Combine(Folder, "snapshots", commit);

    /// <summary>Whether a file is there; a link that leads nowhere is not, though .NET says it exists.</summary>
    public static bool IsThere(string path) =>
        new FileInfo(path) is var file
            && (file.LinkTarget is null ? file.Exists : file.ResolveLinkTarget(returnFinalTarget: true) is { Exists: true });

    /// <summary>The commit that a revision stood for when it was last asked; null where it never was.</summary>
    public string? CommitOf(string revision)
    {
        if (revision.Length == 40 && revision.All(char.IsAsciiHexDigitLower) && Directory.Exists(Snapshot(revision)))
            return revision;
        var reference = Path.Combine(Folder, "refs", revision);
        return File.Exists(reference) && File.ReadAllText(reference).Trim() is { Length: 40 } commit
            && commit.All(char.IsAsciiHexDigitLower) ? commit : null;
    }

    /// <summary>Remembers what a revision stands for.</summary>
    public void Remember(string revision, string commit)
    {
        if (revision != commit && CommitOf(revision) != commit)
            AtomicFile.WriteText(Path.Combine(Folder, "refs", revision), commit);
    }

    /// <summary>The files of a commit that are there whole, by their paths in the repository.</summary>
    public IReadOnlyList<string> Present(string commit)
    {
        var snapshot = Snapshot(commit);
        return Directory.Exists(snapshot)
            ? [.. Directory.EnumerateFiles(snapshot, "*", SearchOption.AllDirectories).Where(IsThere)
                .Select(path => Path.GetRelativePath(snapshot, path).Replace('\\', '/'))]
            : [];
    }

    /// <summary>Gives a file its name in a snapshot: a relative link to its blob, as Python makes it.</summary>
    public void Link(string commit, HubFile file)
    {
        var link = Path.Combine(Snapshot(commit), file.Path);
        if (IsThere(link))
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(link)!);
        File.Delete(link); // a link that leads nowhere
        try
        {
            File.CreateSymbolicLink(link, Path.GetRelativePath(Path.GetDirectoryName(link)!, Blob(file)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            File.Move(Blob(file), link, overwrite: true); // a disk without links, as Python does there
        }
    }
}
