using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace TorchSharp;

/// <summary>The C interface of <c>native/kit_torch.cpp</c>. A return value of -1 means failure (see <see cref="Error"/>).</summary>
internal static unsafe class NativeMethods
{
    private const string Library = NativeLoader.Library;

    static NativeMethods() => NativeLoader.Prepare();

    /// <summary>Makes sure that the library is found and set up before the first call.</summary>
    public static void Touch()
    {
    }

    [DllImport(Library)] public static extern int kit_find(byte* name, byte* overload, nint* op);
    [DllImport(Library)] public static extern int kit_call(nint op, KitValue* arguments, int count, KitValue* results, int capacity);
    [DllImport(Library)] public static extern byte* kit_error();
    [DllImport(Library)] public static extern byte* kit_version();

    [DllImport(Library)] public static extern void kit_release(nint tensor);
    [DllImport(Library)] public static extern void kit_release_many(nint* tensors, int count);
    [DllImport(Library), SuppressGCTransition] public static extern long kit_live();
    [DllImport(Library)] public static extern nint kit_copy_handle(nint tensor);
    [DllImport(Library), SuppressGCTransition] public static extern int kit_dim(nint tensor);
    [DllImport(Library), SuppressGCTransition] public static extern long kit_numel(nint tensor);
    [DllImport(Library), SuppressGCTransition] public static extern long kit_size(nint tensor, long dimension);
    [DllImport(Library), SuppressGCTransition] public static extern int kit_dtype(nint tensor);
    [DllImport(Library), SuppressGCTransition] public static extern long kit_device(nint tensor);
    [DllImport(Library), SuppressGCTransition] public static extern int kit_is_contiguous(nint tensor);
    [DllImport(Library)] public static extern int kit_requires_grad(nint tensor);
    [DllImport(Library)] public static extern int kit_is_leaf(nint tensor);
    [DllImport(Library)] public static extern long kit_version_of(nint tensor);
    [DllImport(Library), SuppressGCTransition] public static extern void kit_sizes(nint tensor, long* sizes);
    [DllImport(Library), SuppressGCTransition] public static extern void kit_strides(nint tensor, long* strides);
    [DllImport(Library)] public static extern int kit_data(nint tensor, void** data);
    [DllImport(Library)] public static extern int kit_set_requires_grad(nint tensor, int value);
    [DllImport(Library)] public static extern int kit_retain_grad(nint tensor);
    [DllImport(Library)] public static extern int kit_grad_get(nint tensor, nint* grad);
    [DllImport(Library)] public static extern int kit_grad_set(nint tensor, nint grad);
    [DllImport(Library)] public static extern int kit_zero_grad(nint* tensors, int count, int drop);
    [DllImport(Library)] public static extern int kit_set_data(nint tensor, nint data);
    [DllImport(Library)] public static extern int kit_from_blob(void* data, long* sizes, int dims, int dtype, delegate* unmanaged<void*, void> release, void* context, nint* result);

    [DllImport(Library), SuppressGCTransition] public static extern int kit_grad_mode();
    [DllImport(Library), SuppressGCTransition] public static extern void kit_set_grad_mode(int enabled);
    [DllImport(Library)] public static extern int kit_is_inference_mode();
    [DllImport(Library)] public static extern nint kit_inference_mode_enter(int enabled);
    [DllImport(Library)] public static extern void kit_inference_mode_leave(nint guard);
    [DllImport(Library)] public static extern int kit_backward(nint* tensors, int count, nint* grads, int gradCount, int retainGraph, int createGraph, nint* inputs, int inputCount);
    [DllImport(Library)] public static extern int kit_grad(nint* outputs, int count, nint* inputs, int inputCount, nint* grads, int gradCount, int retainGraph, int createGraph, int allowUnused, nint* results);

    [DllImport(Library)]
    public static extern void kit_function_callbacks(
        delegate* unmanaged<long, nint, nint*, int, nint*, int, int> forward,
        delegate* unmanaged<long, nint, nint*, int, nint*, int, int> backward,
        delegate* unmanaged<long, void> release);

    [DllImport(Library)] public static extern int kit_function_apply(long id, nint* inputs, int count, nint* outputs, int capacity);
    [DllImport(Library)] public static extern int kit_context_save(nint context, nint* tensors, int count);
    [DllImport(Library)] public static extern int kit_context_saved(nint context, nint* tensors, int capacity);
    [DllImport(Library)] public static extern int kit_context_mark(nint context, nint* tensors, int count, int kind);

    [DllImport(Library)] public static extern int kit_manual_seed(ulong seed);
    [DllImport(Library)] public static extern int kit_generator_new(long device, int own, ulong seed, nint* result);
    [DllImport(Library)] public static extern void kit_generator_release(nint generator);
    [DllImport(Library)] public static extern int kit_generator_seed(nint generator, ulong seed);
    [DllImport(Library)] public static extern ulong kit_generator_initial_seed(nint generator);
    [DllImport(Library)] public static extern int kit_generator_state(nint generator, nint* state);
    [DllImport(Library)] public static extern int kit_generator_set_state(nint generator, nint state);

    [DllImport(Library)] public static extern void kit_set_num_threads(int count);
    [DllImport(Library)] public static extern int kit_num_threads();
    [DllImport(Library)] public static extern int kit_device_count(int type);
    [DllImport(Library)] public static extern int kit_synchronize(long device);
    [DllImport(Library)] public static extern int kit_cuda_memory(int index, long* figures, int emptyCache, int resetPeak);

    [DllImport(Library)] public static extern int kit_allow_tf32(int allow);
    [DllImport(Library)] public static extern void kit_give_back();
    [DllImport(Library), SuppressGCTransition] public static extern void kit_held(int meta, long* figures, int resetPeak);
    [DllImport(Library)] public static extern int kit_prepare_rehearsal();

    [DllImport(Library)] public static extern long kit_timing(int on);

    [DllImport(Library)]
    public static extern int kit_adam_step(
        nint* parameters, nint* firstMoments, nint* secondMoments, long* steps, int count,
        double lr, double beta1, double beta2, double eps, double weightDecay, int decoupled, int maximize);

    [DllImport(Library)] public static extern int kit_clip_grad_norm(nint* parameters, int count, double maxNorm, double* norm);
    [DllImport(Library)] public static extern int kit_lerp_many(nint* averages, nint* sources, int count, double weight);

    /// <summary>The message of this thread's last failure.</summary>
    public static string Error() => Marshal.PtrToStringUTF8((nint)kit_error()) ?? "";

    /// <summary>Throws what went wrong in <paramref name="what"/> when a call has returned -1.</summary>
    public static int Check(int status, string what)
    {
        if (status < 0)
            Throw(what);
        return status;
    }

    private static void Throw(string what)
    {
        var pending = torch.autograd.TakePending();
        var message = $"{what}: {TorchException.FirstLine(Error())}";
        throw pending is null ? new TorchException(message) : new TorchException(message, pending);
    }
}
