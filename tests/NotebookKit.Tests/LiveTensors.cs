using static TorchSharp.torch;

namespace NotebookKit.Tests;

/// <summary>How many tensors the process holds, once garbage is gone: what earlier tests dropped does not count.</summary>
internal static class LiveTensors
{
    public static long Count()
    {
        for (var i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return Tensor.TotalCount;
    }
}
