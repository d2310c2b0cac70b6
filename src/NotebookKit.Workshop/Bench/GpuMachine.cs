using System.Diagnostics;
using System.Reflection;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Bench;

/// <summary>What a figure was measured on.</summary>
/// <param name="Device">The GPU's name as its driver tells it, or <c>CPU</c> with its threads.</param>
/// <param name="Driver">The driver's version; null on a CPU.</param>
/// <param name="Libtorch">libtorch's version.</param>
/// <param name="Kit">The kit's version, with its commit where it was built from a checkout.</param>
/// <param name="Date">The day, as 2026-01-31.</param>
internal sealed record GpuMachine(string Device, string? Driver, string Libtorch, string Kit, string Date)
{
    /// <summary>The machine that this process runs on.</summary>
    /// <param name="device">Which of its devices.</param>
    public static GpuMachine Of(Device device)
    {
        var told = device.type == DeviceType.CUDA ? Query(device, "name,driver_version") : null;
        return new(
            told?[0] ?? (device.type == DeviceType.CUDA ? "a GPU" : $"CPU, {get_num_threads()} threads"),
            told?[1],
            __version__,
            typeof(GpuMachine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
            DateTime.UtcNow.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>Bytes of the device that are taken, by this process and all others; null on a CPU or where nobody tells.</summary>
    /// <param name="device">The device.</param>
    public static long? TakenBytes(Device device) =>
        device.type == DeviceType.CUDA && Query(device, "memory.used") is [var megabytes] && long.TryParse(megabytes, out var used)
            ? used << 20 : null;

    private static string[]? Query(Device device, string fields)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("nvidia-smi", [$"--id={Math.Max(0, device.index)}",
                $"--query-gpu={fields}", "--format=csv,noheader,nounits"])
            { RedirectStandardOutput = true })!;
            var line = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return process.ExitCode == 0 ? line.Split(", ") : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // no such command
        }
    }
}
