using System.Globalization;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tensors;

/// <summary>What memory is in use, as the system and the GPU tell it: libtorch's own counts are not reachable from .NET.</summary>
public static class TensorMemory
{
    /// <summary>Bytes of this process in RAM now, .NET and libtorch included.</summary>
    public static long ResidentBytes => Status("VmRSS:") ?? Environment.WorkingSet;

    /// <summary>Bytes of this process in RAM at most, since it began or since <see cref="ResetPeak"/>.</summary>
    public static long PeakResidentBytes
    {
        get
        {
            if (Status("VmHWM:") is { } peak)
                return peak;
            using var process = System.Diagnostics.Process.GetCurrentProcess();
            return process.PeakWorkingSet64;
        }
    }

    /// <summary>Starts the peak anew, where the system can (Linux).</summary>
    /// <returns>Whether it did.</returns>
    public static bool ResetPeak()
    {
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Bytes of a GPU that nobody holds, and all of its bytes; null without a GPU.</summary>
    public static (long Free, long Total)? Gpu(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (device.type != DeviceType.CUDA || !cuda.is_available())
            return null;
        foreach (var library in OperatingSystem.IsWindows() ? ["cudart64_12.dll"] : new[] { "libcudart.so.12", "libcudart.so" })
        {
            if (NativeLibrary.TryLoad(library, out var handle) && NativeLibrary.TryGetExport(handle, "cudaMemGetInfo", out var address))
                return Ask(address);
        }

        return null;
    }

    private static unsafe (long Free, long Total)? Ask(nint cudaMemGetInfo)
    {
        nuint free, total;
        return ((delegate* unmanaged<nuint*, nuint*, int>)cudaMemGetInfo)(&free, &total) == 0 ? ((long)free, (long)total) : null;
    }

    private static long? Status(string field)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(field, StringComparison.Ordinal));
        return 1024 * long.Parse(line.AsSpan(field.Length).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture);
    }
}
