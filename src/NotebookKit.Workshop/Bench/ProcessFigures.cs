using System.Globalization;

namespace NotebookKit.Workshop.Bench;

/// <summary>What Linux counts about this process.</summary>
internal static class ProcessFigures
{
    /// <summary>Bytes of memory that it holds now.</summary>
    public static long ResidentBytes => Field("/proc/self/status", "VmRSS:") * 1024;

    /// <summary>Bytes that were fetched from the disk for it, page faults on mapped files included.</summary>
    public static long DiskReadBytes => Field("/proc/self/io", "read_bytes:");

    /// <summary>Starts the count of the most memory held anew.</summary>
    public static void ForgetPeak() => File.WriteAllText("/proc/self/clear_refs", "5");

    private static long Field(string file, string name) =>
        File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
            ? long.Parse(line[name.Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture)
            : 0;
}
