using System.Globalization;

namespace NotebookKit.Tests.Fuzzing;

/// <summary>How much memory something takes at its peak beyond what the process had: all of it, native memory too, where Linux
/// tells.</summary>
internal sealed class PeakMemory
{
    private readonly long _before;

    public PeakMemory()
    {
        if (OperatingSystem.IsLinux())
            File.WriteAllText("/proc/self/clear_refs", "5"); // the highest mark falls to what is in use
        _before = Read();
    }

    public long Bytes => Read() - _before;

    private static long Read() => OperatingSystem.IsLinux()
        ? 1024 * long.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM", StringComparison.Ordinal))
            .Split(':')[1].Replace("kB", ""), CultureInfo.InvariantCulture)
        : 0;
}
