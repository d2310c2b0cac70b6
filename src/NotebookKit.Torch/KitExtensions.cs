using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Torch;

/// <summary>What TorchSharp lacks and the kit needs.</summary>
public static unsafe class TorchExtras
{
    /// <summary>How many native tensors are held by .NET objects now, over all threads.</summary>
    public static long LiveHandles
    {
        get
        {
            NativeMethods.Touch();
            return NativeMethods.kit_live();
        }
    }

    /// <summary>The file of the native library in use.</summary>
    public static string NativeLibraryPath
    {
        get
        {
            _ = NativeMethods.kit_live();
            return NativeLoader.Path;
        }
    }

    /// <summary>Counts the time that all threads together spend in native code, until it is disposed. One at a time.</summary>
    public static NativeClock MeasureNativeTime() => new();

    /// <summary>Counts the time spent in native code.</summary>
    public sealed class NativeClock : IDisposable
    {
        private TimeSpan? total;

        internal NativeClock() => NativeMethods.kit_timing(1);

        /// <summary>The time counted so far.</summary>
        public TimeSpan Elapsed => total ?? TimeSpan.FromMicroseconds(NativeMethods.kit_timing(-1) / 1000.0);

        /// <summary>Stops counting.</summary>
        public void Dispose() => total ??= TimeSpan.FromMicroseconds(NativeMethods.kit_timing(0) / 1000.0);
    }

    /// <summary>Sets how many threads one operator uses.</summary>
    public static void SetThreads(int count) => set_num_threads(count);

    /// <summary>average += (1 - decay) · (source - average) for every pair, in one pass.</summary>
    public static void UpdateAverage(IReadOnlyList<Tensor> averages, IReadOnlyList<Tensor> sources, double decay)
    {
        if (averages.Count != sources.Count)
            throw new ArgumentException($"{averages.Count} averages for {sources.Count} sources.");
        var a = autograd.Handles(averages);
        var s = autograd.Handles(sources);
        int others;
        fixed (nint* ap = a, sp = s)
            others = NativeMethods.kit_lerp_many(ap, sp, a.Length, 1 - decay);
        GC.KeepAlive(averages);
        GC.KeepAlive(sources);
        if (NativeMethods.Check(others, nameof(UpdateAverage)) == 0)
            return;
        using var noGrad = no_grad();
        Ops._foreach_mul__Scalar.Run(Arg.Tensors(averages), decay);
        Ops._foreach_add__List.Run(Arg.Tensors(averages), Arg.Tensors(sources), 1 - decay);
    }
}
