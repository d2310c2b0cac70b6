using NotebookKit.Torch;
using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>How much memory was needed.</summary>
public static class MemoryUse
{
    /// <summary>
    /// The most bytes that tensors held at once on a device: what a forecast foretells. Where that is not counted, the
    /// process's.
    /// </summary>
    /// <param name="device">Where the tensors live.</param>
    public static long PeakBytes(Device device) => TorchExtras.TensorBytes(device)?.Peak ?? ProcessPeakBytes();

    /// <summary>The most bytes of RAM that the whole process held at once, .NET and libtorch included.</summary>
    public static long ProcessPeakBytes() => TorchExtras.Memory().PeakResidentBytes;
}
