using NotebookKit.Tensors;
using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>How much memory was needed.</summary>
public static class MemoryUse
{
    /// <summary>The most bytes of RAM that the process held at once, .NET and libtorch included; of a GPU what is held on it now.</summary>
    /// <param name="device">Where the tensors live.</param>
    public static long PeakBytes(Device device) =>
        TensorMemory.Gpu(device) is { } gpu ? gpu.Total - gpu.Free : TensorMemory.PeakResidentBytes;
}
