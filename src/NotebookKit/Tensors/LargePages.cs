using System.Runtime.InteropServices;

namespace NotebookKit.Tensors;

/// <summary>
/// Linux gives a process its memory in pages of 4 KB, each cleared when it is first written to. A large tensor is new memory
/// every time, and at full resolution that took longer than a sum or a norm itself; in pages of 2 MB it does not.
/// </summary>
internal static class LargePages
{
    /// <summary>Has libtorch ask for them where a tensor is larger than one, before it is loaded; a learner's own setting stays.</summary>
    public static void Prepare()
    {
        if (OperatingSystem.IsLinux())
            _ = setenv("THP_MEM_ALLOC_ENABLE", "1", 0); // Environment.SetEnvironmentVariable does not reach native code
    }

    [DllImport("libc", CharSet = CharSet.Ansi, BestFitMapping = false)]
    private static extern int setenv([MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int overwrite);
}
