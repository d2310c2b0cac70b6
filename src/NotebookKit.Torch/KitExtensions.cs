using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Torch;

/// <summary>What TorchSharp lacks and the kit needs.</summary>
public static unsafe class TorchExtras
{
    private const long ChannelsLastFormat = 2;

    [ThreadStatic]
    private static bool inCheckpoint;

    /// <summary>How many native tensors are held by .NET objects now, over all threads.</summary>
    public static long LiveHandles => NativeMethods.kit_live();

    /// <summary>The file of the native library in use; it is loaded where that has not happened yet.</summary>
    public static string NativeLibraryPath
    {
        get
        {
            _ = NativeMethods.kit_live();
            return NativeLoader.Path;
        }
    }

    /// <summary>
    /// Who multiplies matrices: <c>openblas</c>, <c>mkl</c>, <c>reference</c> (the textbook library, some 25 times slower),
    /// another library's file name, or <c>built in</c> where libtorch brings its own.
    /// </summary>
    public static string Blas
    {
        get
        {
            _ = NativeMethods.kit_live();
            var files = File.ReadLines("/proc/self/maps")
                .Select(line => line[(line.LastIndexOf(' ') + 1)..])
                .Where(path => path.StartsWith('/'))
                .Distinct()
                .ToList();
            if (files.Exists(path => path.Contains("openblas", StringComparison.Ordinal)))
                return "openblas";
            if (files.Exists(path => path.Contains("libmkl", StringComparison.Ordinal)))
                return "mkl";
            return files.Find(path => Path.GetFileName(path).StartsWith("libblas.", StringComparison.Ordinal)) switch
            {
                null => "built in",
                var path when path.Contains("/blas/", StringComparison.Ordinal) => "reference",
                var path => Path.GetFileName(path),
            };
        }
    }

    /// <summary>Whether libtorch has attention as one kernel (from 2.0 on), which keeps no score matrix.</summary>
    public static bool HasFusedAttention => Ops.scaled_dot_product_attention.Exists;

    /// <summary>Sets how many threads one operator uses.</summary>
    public static void SetThreads(int count) => set_num_threads(count);

    /// <summary>
    /// Whether a GPU may multiply float32 numbers with ten bits of fraction (TF32), several times faster. Without a choice
    /// libtorch does so in convolutions and not in other products.
    /// </summary>
    public static bool AllowTF32
    {
        set => NativeMethods.Check(NativeMethods.kit_allow_tf32(value ? 1 : 0), nameof(AllowTF32));
    }

    /// <summary>What memory is in use.</summary>
    /// <param name="ResidentBytes">of this process, in RAM now</param>
    /// <param name="PeakResidentBytes">of this process, in RAM at most so far</param>
    /// <param name="DeviceBytes">held by tensors on the GPU now, or null without figures</param>
    /// <param name="PeakDeviceBytes">held by tensors on the GPU at most since <see cref="ResetPeakMemory"/>, or null</param>
    /// <param name="FreeDeviceBytes">free on the GPU for anyone, or null</param>
    public sealed record MemoryFigures(long ResidentBytes, long PeakResidentBytes, long? DeviceBytes, long? PeakDeviceBytes, long? FreeDeviceBytes);

    /// <summary>What memory is in use, of this process and, where libtorch was built with CUDA and its headers, of a GPU.</summary>
    public static MemoryFigures Memory(Device? device = null)
    {
        var figures = stackalloc long[4];
        var known = cuda.is_available() && NativeMethods.kit_cuda_memory(Math.Max(0, device?.index ?? 0), figures, 0, 0) == 1;
        return new(Status("VmRSS:"), Status("VmHWM:"), known ? figures[0] : null, known ? figures[1] : null, known ? figures[3] : null);
    }

    /// <summary>
    /// The bytes that tensors hold on a device now, and at most since <see cref="ResetPeakMemory"/>: what libtorch has asked
    /// its allocator for. Not in it are the buffers that libraries such as oneDNN get for themselves, and everything else
    /// of the process. On <c>meta</c>: what the tensors would hold.
    /// </summary>
    /// <returns>null where that is not known: on a GPU without figures</returns>
    public static (long Now, long Peak)? TensorBytes(Device? device = null)
    {
        if (device?.type == DeviceType.CUDA)
            return Memory(device) is { DeviceBytes: { } now, PeakDeviceBytes: { } peak } ? (now, peak) : null;
        var figures = stackalloc long[2];
        NativeMethods.kit_held(device?.type == DeviceType.META ? 1 : 0, figures, 0);
        return (figures[0], figures[1]);
    }

    /// <summary>Starts the peak of what tensors hold anew.</summary>
    public static void ResetPeakMemory(Device? device = null)
    {
        var figures = stackalloc long[4];
        if (device is null || device.type != DeviceType.CUDA)
            NativeMethods.kit_held(device?.type == DeviceType.META ? 1 : 0, figures, 1);
        if (device?.type is null or DeviceType.CUDA && cuda.is_available())
            _ = NativeMethods.kit_cuda_memory(Math.Max(0, device?.index ?? 0), figures, 0, 1);
    }

    /// <summary>
    /// Makes the operators of a training step work on the device <c>meta</c>, whose tensors have shapes and no memory: a
    /// step can then be rehearsed, in no time, to see what it would hold (<see cref="TensorBytes"/>).
    /// </summary>
    public static void PrepareRehearsal() => NativeMethods.Check(NativeMethods.kit_prepare_rehearsal(), nameof(PrepareRehearsal));

    /// <summary>Gives back the memory that is kept for later large tensors: a GPU's to the GPU, a CPU's to the system.</summary>
    /// <param name="device">whose; null for both</param>
    public static void EmptyCache(Device? device = null)
    {
        var figures = stackalloc long[4];
        if (device?.type != DeviceType.CUDA)
            NativeMethods.kit_give_back();
        if (device?.type is null or DeviceType.CUDA && cuda.is_available())
            _ = NativeMethods.kit_cuda_memory(0, figures, 1, 0);
    }

    /// <summary>The same (B, C, H, W) with the channels of a pixel side by side in memory: quicker on GPUs, slower on this kit's CPUs.</summary>
    public static Tensor ChannelsLast(this Tensor images) => Ops.contiguous.Call(images, ChannelsLastFormat);

    /// <summary>Lays the weights of all convolutions out with their channels side by side.</summary>
    public static T ChannelsLast<T>(this T module) where T : nn.Module
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var parameter in module.parameters().Where(p => p.dim() == 4))
            parameter.set_data(((Tensor)parameter).ChannelsLast());
        return module;
    }

    /// <summary>
    /// Computes without keeping what backward needs, and computes again in backward: less memory for more time (Chen et
    /// al. 2016). Random numbers are the same both times. Gradients of parameters inside are added up as ever.
    /// </summary>
    /// <param name="body">what is computed; it must not change its inputs</param>
    /// <param name="inputs">its tensors</param>
    /// <returns>its result</returns>
    public static Tensor Checkpoint(Func<Tensor[], Tensor> body, params Tensor[] inputs)
    {
        if (!is_grad_enabled())
            return body(inputs);
        // Something must ask for a gradient, or backward never comes here for the parameters inside.
        using var asking = zeros([0], requires_grad: true);
        return CheckpointFunction.apply([body, asking, .. inputs]);
    }

    /// <summary>Whether this thread computes inside <see cref="Checkpoint"/> what it will compute again with gradients.</summary>
    public static bool InCheckpoint => inCheckpoint;

    /// <summary>How often a tensor's numbers were changed in place; null where that is not counted.</summary>
    public static long? VersionOf(Tensor tensor) => tensor._version;

    /// <summary>average += (1 - decay) · (source - average) for every pair, in one pass over all of them.</summary>
    /// <param name="averages">what moves; contiguous float32 on the CPU is quickest</param>
    /// <param name="sources">where to</param>
    /// <param name="decay">what part stays, in [0, 1]</param>
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

    private static long Status(string field)
    {
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(field, StringComparison.Ordinal));
        return 1024 * long.Parse(line.AsSpan(field.Length).Trim().TrimEnd("kB").Trim(), System.Globalization.CultureInfo.InvariantCulture);
    }

    private sealed class CheckpointFunction : autograd.SingleTensorFunction<CheckpointFunction>
    {
        public override string Name => "checkpoint";

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var inputs = vars[2..].Cast<Tensor>().ToList();
            ctx.save_data("body", vars[0]);
            ctx.save_data("random", RandomState.Now(inputs));
            ctx.save_for_backward(inputs);
            var outer = inCheckpoint;
            inCheckpoint = true;
            try
            {
                return ((Func<Tensor[], Tensor>)vars[0])([.. inputs]);
            }
            finally
            {
                inCheckpoint = outer;
            }
        }

        public override List<Tensor?> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var body = (Func<Tensor[], Tensor>)ctx.get_data("body")!;
            var now = ctx.get_saved_variables().Select(saved => (Tensor)saved.detach().requires_grad_(saved.requires_grad)).ToArray();
            using var enabled = enable_grad();
            Tensor again;
            using (((RandomState)ctx.get_data("random")!).Replayed())
                again = body(now);
            // Where nothing inside is trained, nothing was recorded, and there is nothing to go back through.
            if (again.requires_grad)
                autograd.backward([again], [grad_output]);
            return [null, null, .. now.Select(input => input.grad)];
        }
    }

    // Where the generators that a computation may draw from stood.
    private sealed class RandomState
    {
        private readonly (Device Device, byte[] State)[] states;

        private RandomState(IEnumerable<Device> devices) => states = [.. devices.Select(device => (device, Read(device)))];

        public static RandomState Now(IEnumerable<Tensor> inputs) => new(inputs.Select(i => i.device).Where(d => d.type != DeviceType.META).Append(CPU).Distinct());

        public IDisposable Replayed()
        {
            var back = new RandomState(states.Select(s => s.Device));
            Restore();
            return new Restoring(back);
        }

        private void Restore()
        {
            foreach (var (device, state) in states)
            {
                using var generator = Generator.Shared(device);
                using var value = tensor(state);
                generator.set_state(value);
            }
        }

        private static byte[] Read(Device device)
        {
            using var generator = Generator.Shared(device);
            using var state = generator.get_state();
            return state.bytes.ToArray();
        }

        private sealed class Restoring(RandomState back) : IDisposable
        {
            public void Dispose() => back.Restore();
        }
    }
}
