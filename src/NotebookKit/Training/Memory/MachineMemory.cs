using System.Globalization;
using NotebookKit.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Training.Memory;

/// <summary>How much memory a run can have.</summary>
/// <param name="Total">Bytes that there are at most: of RAM, or of what the container may take; of a GPU what nobody else holds.</param>
/// <param name="Free">Bytes that nobody holds now; caches of files count as free.</param>
public sealed record MachineMemory(long Total, long Free)
{
    /// <summary>What there is; null where nobody tells: a system without <c>/proc</c>, a GPU without figures.</summary>
    /// <param name="device">Where the tensors will be.</param>
    public static MachineMemory? Of(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (device.type == DeviceType.CUDA)
            return TensorMemory.Gpu(device) is { } gpu ? new(gpu.Total, gpu.Free) : null;
        return Ram() is { } ram ? Container() is { } box ? new(Math.Min(ram.Total, box.Total), Math.Min(ram.Free, box.Free)) : ram : null;
    }

    private static MachineMemory? Ram()
    {
        var fields = Lines("/proc/meminfo").Select(line => line.Split(':')).Where(parts => parts.Length == 2)
            .ToDictionary(parts => parts[0], parts => parts[1].Trim().Split(' ')[0]);
        return Number(fields.GetValueOrDefault("MemTotal")) is { } total && Number(fields.GetValueOrDefault("MemAvailable")) is { } free
            ? new(1024 * total, 1024 * free) : null;
    }

    // A container's limit: control groups of the second version, or else of the first.
    private static MachineMemory? Container()
    {
        var (limit, used, cache) = File.Exists("/sys/fs/cgroup/memory.max")
            ? ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat")
            : ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes",
                "/sys/fs/cgroup/memory/memory.stat");
        if (Number(Lines(limit).FirstOrDefault()) is not { } most || Number(Lines(used).FirstOrDefault()) is not { } held)
            return null; // "max" is no limit
        var reclaimable = Number(Lines(cache)
            .FirstOrDefault(line => line.StartsWith("inactive_file ", StringComparison.Ordinal))?.Split(' ')[1]) ?? 0;
        return new(most, Math.Max(0, most - held + reclaimable));
    }

    private static IEnumerable<string> Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static long? Number(string? text) =>
        long.TryParse(text?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
