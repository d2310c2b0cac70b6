using System.Runtime.InteropServices;

namespace NotebookKit.Tensors;

/// <summary>Variables that native libraries read while they are loaded: .NET's own setter does not reach them.</summary>
internal static class NativeEnvironment
{
    /// <summary>Sets one, on Linux, where nobody has.</summary>
    public static void SetDefault(string name, string value)
    {
        if (OperatingSystem.IsLinux())
            _ = setenv(name, value, 0);
    }

    [DllImport("libc", CharSet = CharSet.Ansi, BestFitMapping = false)]
    private static extern int setenv([MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value,
        int overwrite);
}
