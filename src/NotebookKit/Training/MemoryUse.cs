using System.Diagnostics;
using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>How much memory the process has needed.</summary>
public static class MemoryUse
{
    /// <summary>The most bytes held at once: by tensors on a CUDA device, by the whole process on the CPU.</summary>
    /// <param name="device">Where the tensors live.</param>
    public static long PeakBytes(Device device)
    {
        // .NET gives 0 for the peak on some systems; the kernel's own figure is VmHWM in kB.
        const string status = "/proc/self/status";
        if (File.Exists(status) && File.ReadLines(status).FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)) is { } line)
            return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[^2], System.Globalization.CultureInfo.InvariantCulture) * 1024;
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
