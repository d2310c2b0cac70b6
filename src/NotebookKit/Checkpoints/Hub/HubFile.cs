namespace NotebookKit.Checkpoints.Hub;

/// <summary>A file of a model on the hub.</summary>
/// <param name="Path">Its path in the repository.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Hash">SHA-256 for a large file (Git LFS), else Git's SHA-1 of its blob; the name under which the cache keeps it.</param>
internal sealed record HubFile(string Path, long Size, string Hash)
{
    /// <summary>Kept in Git LFS; its hash is that of the plain bytes.</summary>
    public bool IsLarge => Hash.Length == 64;
}
