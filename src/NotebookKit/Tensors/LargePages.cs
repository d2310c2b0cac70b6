using System.Runtime.InteropServices;

namespace NotebookKit.Tensors;

/// <summary>
/// Linux gives a process its memory in pages of 4 KB, each cleared when it is first written to. A large tensor is new memory
/// every time, and at full resolution that took longer than a sum or a norm itself; in pages of 2 MB it does not.
/// </summary>
internal static class LargePages
{
    /// <summary>Has libtorch ask for them where a tensor is larger than one, before it is loaded; a learner's own setting stays.</summary>
    public static void Prepare() => NativeEnvironment.SetDefault("THP_MEM_ALLOC_ENABLE", "1");

    /// <summary>
    /// Small pages until disposed: for weights, which are written once. To put 4 GB of large pages together took the system
    /// three times as long as to fill them.
    /// </summary>
    public static IDisposable Pause() => new Paused();

    [DllImport("libc")]
    private static extern int prctl(int option, nuint value, nuint third, nuint fourth, nuint fifth);

    private sealed class Paused : IDisposable
    {
        private const int SetDisabled = 41; // PR_SET_THP_DISABLE
        private static int _paused;

        public Paused()
        {
            if (Interlocked.Increment(ref _paused) == 1 && OperatingSystem.IsLinux())
                _ = prctl(SetDisabled, 1, 0, 0, 0);
        }

        public void Dispose()
        {
            if (Interlocked.Decrement(ref _paused) == 0 && OperatingSystem.IsLinux())
                _ = prctl(SetDisabled, 0, 0, 0, 0);
        }
    }
}
