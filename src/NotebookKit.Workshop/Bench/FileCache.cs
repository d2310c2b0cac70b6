using System.Runtime.InteropServices;

namespace NotebookKit.Workshop.Bench;

/// <summary>The kernel's copy of a file's pages.</summary>
internal static class FileCache
{
    private const int DontNeed = 4;

    /// <summary>Writes a file to the disk and lets the kernel forget its pages, so that the next reader reads the disk.</summary>
    public static void Forget(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        stream.Flush(flushToDisk: true);
        _ = Advise((int)stream.SafeFileHandle.DangerousGetHandle(), 0, 0, DontNeed);
    }

    [DllImport("libc", EntryPoint = "posix_fadvise")]
    private static extern int Advise(int file, long offset, long length, int advice);
}
