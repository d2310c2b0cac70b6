using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Torch;

/// <summary>
/// The kit's additions to the tensor layer where TorchSharp's own package answers: the plainest form of each, with the
/// same names and results. What the package cannot tell is zero or null.
/// </summary>
public static class TorchExtras
{
    /// <summary>How many tensors the calling thread has made and not disposed.</summary>
    public static long LiveHandles => DisposeScopeManager.Statistics.ThreadTotalLiveCount;

    /// <summary>Nothing: the package finds its library itself.</summary>
    public static string NativeLibraryPath => "";

    /// <summary>The package brings its own.</summary>
    public static string Blas => "built in";

    /// <summary>The package's libtorch has attention as one kernel.</summary>
    public static bool HasFusedAttention => true;

    /// <summary>Sets how many threads one operator uses.</summary>
    public static void SetThreads(int count) => set_num_threads(count);

    /// <summary>What memory is in use.</summary>
    /// <param name="ResidentBytes">of this process, in RAM now</param>
    /// <param name="PeakResidentBytes">of this process, in RAM at most so far</param>
    /// <param name="DeviceBytes">unknown</param>
    /// <param name="PeakDeviceBytes">unknown</param>
    /// <param name="FreeDeviceBytes">unknown</param>
    public sealed record MemoryFigures(long ResidentBytes, long PeakResidentBytes, long? DeviceBytes, long? PeakDeviceBytes, long? FreeDeviceBytes);

    /// <summary>What memory this process uses.</summary>
    public static MemoryFigures Memory(Device? device = null)
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return new(process.WorkingSet64, process.PeakWorkingSet64, null, null, null);
    }

    /// <summary>Nothing: the package counts no bytes.</summary>
    public static (long Now, long Peak)? TensorBytes(Device? device = null) => null;

    /// <summary>Not possible: the package counts no bytes.</summary>
    public static void PrepareRehearsal() => throw new NotSupportedException("A memory forecast needs the kit's own tensor layer (KIT_TORCH=system).");

    /// <summary>Whether a GPU may multiply float32 numbers with ten bits of fraction (TF32).</summary>
    public static bool AllowTF32
    {
        set => (backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32) = (value, value);
    }

    /// <summary>Does nothing: the package has no figures.</summary>
    public static void ResetPeakMemory(Device? device = null)
    {
    }

    /// <summary>Does nothing: the package has no such call.</summary>
    public static void EmptyCache(Device? device = null)
    {
    }

    /// <summary>The pictures as they are.</summary>
    public static Tensor ChannelsLast(this Tensor images) => images.alias();

    /// <summary>The module as it is.</summary>
    public static T ChannelsLast<T>(this T module) where T : nn.Module => module;

    /// <summary>Computes plainly, keeping what backward needs.</summary>
    public static Tensor Checkpoint(Func<Tensor[], Tensor> body, params Tensor[] inputs) => body(inputs);

    /// <summary>Never: <see cref="Checkpoint"/> computes plainly.</summary>
    public static bool InCheckpoint => false;

    /// <summary>Null: the package does not tell.</summary>
    public static long? VersionOf(Tensor tensor) => null;

    /// <summary>average += (1 - decay) · (source - average) for every pair.</summary>
    public static void UpdateAverage(IReadOnlyList<Tensor> averages, IReadOnlyList<Tensor> sources, double decay)
    {
        if (averages.Count != sources.Count)
            throw new ArgumentException($"{averages.Count} averages for {sources.Count} sources.");
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        for (var i = 0; i < averages.Count; i++)
            averages[i].mul_(decay).add_(sources[i], 1 - decay);
    }

    /// <summary>Counts nothing: the package has no such clock.</summary>
    public static NativeClock MeasureNativeTime() => new();

    /// <summary>A clock that stands still.</summary>
    public sealed class NativeClock : IDisposable
    {
        internal NativeClock()
        {
        }

        /// <summary>Zero.</summary>
        public TimeSpan Elapsed => TimeSpan.Zero;

        /// <inheritdoc/>
        public void Dispose()
        {
        }
    }
}
