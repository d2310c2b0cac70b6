namespace NotebookKit.Checkpoints;

/// <summary>Writes a file so that nobody ever sees half of it: to a temporary name beside the target, then renamed.</summary>
public static class AtomicFile
{
    // Linux' ENOSPC, EDQUOT and EROFS, which .NET passes on as they are.
    private const int NoSpace = 28, QuotaUsedUp = 122, ReadOnly = 30;

    /// <summary>Writes <paramref name="path"/> through <paramref name="write"/>; the folder is made when missing.</summary>
    /// <param name="path">The target; an older file of that name stays whole until the new one is.</param>
    /// <param name="write">Writes the content. When it throws (a full disk, a cancellation), nothing is left behind.</param>
    /// <exception cref="IOException">The disk is full; the sentence names the target.</exception>
    /// <exception cref="BadInputException">The folder may not be written, or the target is a folder.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        var full = Path.GetFullPath(path);
        if (Directory.Exists(full))
            throw new BadInputException($"{path} is a folder; give the name of the file to write.");
        var temporary = $"{full}.{Environment.ProcessId:x}-{Environment.CurrentManagedThreadId:x}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
        }
        catch (Exception e)
        {
            TryDelete(temporary);
            if (Explained(e, path) is { } explained)
                throw explained;
            throw;
        }
    }

    // The system's own message names the temporary file, which means nothing to who asked for the target.
    private static Exception? Explained(Exception e, string path) => e switch
    {
        IOException
        {
            HResult: NoSpace
            or QuotaUsedUp
        } =>
                new IOException($"The disk is full: {path} could not be written, and nothing of it was left. Free some space, or write to "
                    + "another place.", e),
        IOException { HResult: ReadOnly }
            or UnauthorizedAccessException =>
                new BadInputException($"{path} may not be written there; choose another place, or ask for the right to write.", e),
        _ => null,
    };

    /// <summary>Writes text as UTF-8 without a byte-order mark, as <see cref="Write"/> does.</summary>
    /// <param name="path">The target.</param>
    /// <param name="text">The whole content.</param>
    public static void WriteText(string path, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (IOException)
        {
            // The first failure is the one to report.
        }
    }
}
