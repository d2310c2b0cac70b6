using System.Runtime.InteropServices;
using System.Text;
using NotebookKit.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Bench;

/// <summary>
/// Lets the networks run forward and backward on the device <c>meta</c>, where tensors have shapes and no numbers: libtorch
/// without Python lacks a few of the operations there. They are added by its stable C interface, and give tensors of the
/// right shape.
/// </summary>
/// <remarks>
/// libtorch's own operations refuse to mix devices, and so does what is added here: a tensor that was left on the CPU is
/// found as it would be on a GPU. No exception may pass through libtorch, so <see cref="ThrowWhatMixed"/> tells.
/// </remarks>
internal static unsafe partial class MetaKernels
{
    private static readonly Lazy<nint> Library = new(Install);
    private static string? _mixed;

    /// <summary>Adds them, once for the process.</summary>
    /// <exception cref="NotSupportedException">This libtorch takes none.</exception>
    public static void Use() => _ = Library.Value;

    /// <summary>Throws where one of the added operations was given a tensor of another device.</summary>
    /// <exception cref="InvalidOperationException">Which operation, and what it was given.</exception>
    public static void ThrowWhatMixed()
    {
        if (Interlocked.Exchange(ref _mixed, null) is { } mixed)
            throw new InvalidOperationException(mixed);
    }

    [DllImport("torch_cpu", EntryPoint = "aoti_torch_library_init_impl")]
    private static extern int NewLibrary(byte* operators, byte* key, byte* file, uint line, void** library);

    [DllImport("torch_cpu", EntryPoint = "aoti_torch_library_impl")]
    private static extern int AddKernel(nint library, byte* name, void* kernel);

    [DllImport("torch_cpu", EntryPoint = "aoti_torch_new_tensor_handle")]
    private static extern int NewHandle(nint tensor, out nint copy);

    [DllImport("torch_cpu", EntryPoint = "aoti_torch_new_uninitialized_tensor")]
    private static extern int NewUndefined(out nint tensor);

    [DllImport("torch_cpu", EntryPoint = "aoti_torch_is_defined")]
    private static extern int IsDefined(nint tensor, out byte defined);

    [DllImport("torch_cpu", EntryPoint = "torch_list_size")]
    private static extern int ListSize(nint list, out nuint size);

    [DllImport("torch_cpu", EntryPoint = "torch_list_get_item")]
    private static extern int ListItem(nint list, nuint index, out long item);

    [DllImport("torch_cpu", EntryPoint = "torch_delete_list")]
    private static extern int FreeList(nint list);

    private static nint Install()
    {
        TorchLibrary.Load();
        void* library;
        fixed (byte* operators = "aten\0"u8, key = "Meta\0"u8, file = "kit\0"u8)
            Check(NewLibrary(operators, key, file, 1, &library));
        var handle = (nint)library;
        Add("convolution_overrideable", &Convolution);
        Add("convolution_backward_overrideable", &ConvolutionBackward);
        Add("native_group_norm", &GroupNorm);
        Add("native_group_norm_backward", &GroupNormBackward);
        Add("native_layer_norm", &LayerNorm);
        Add("native_layer_norm_backward", &LayerNormBackward);
        Add("index_select", &IndexSelect);
        Add("_safe_softmax", &Softmax);
        Add("abs", &Abs);
        Add("where.self", &Where);
        Add("bucketize.Tensor", &Bucketize);
        Add("mse_loss_backward", &MseBackward);
        return handle;

        void Add(string name, delegate* unmanaged<ulong*, ulong, ulong, void> kernel)
        {
            fixed (byte* text = Encoding.UTF8.GetBytes(name + "\0"))
                Check(AddKernel(handle, text, kernel));
        }
    }

    private static void Check(int code)
    {
        if (code != 0)
            throw new NotSupportedException($"libtorch {__version__} takes no operations from outside.");
    }

    // An operation gets its arguments as numbers or handles in a row, owns them, and puts its results in their place.
    private static Tensor Take(ulong value) => Tensor.UnsafeCreateTensor((nint)value).DetachFromDisposeScope();

    private static Tensor? TakeOptional(ulong optional)
    {
        if (optional == 0)
            return null;
        var tensor = Take(*(ulong*)optional);
        NativeMemory.Free((void*)optional);
        return tensor;
    }

    private static long[] List(ulong value)
    {
        ListSize((nint)value, out var size);
        var items = new long[(int)size];
        for (nuint i = 0; i < size; i++)
            ListItem((nint)value, i, out items[i]);
        FreeList((nint)value);
        return items;
    }

    private static bool[] Wanted(ulong value) => [.. List(value).Select(item => (byte)item != 0)];

    private static void Same(string operation, params ReadOnlySpan<Tensor?> tensors)
    {
        foreach (var tensor in tensors)
        {
            if (tensor is not null && IsDefined(tensor.Handle, out var defined) == 0 && defined != 0
                && tensor.device_type != DeviceType.META)
                Interlocked.CompareExchange(ref _mixed, $"{operation} was given a tensor of shape [{string.Join(", ", tensor.shape)}] on "
                    + $"{tensor.device} beside others on meta.", null);
        }
    }

    private static ulong Like(bool wanted, ReadOnlySpan<long> shape, Tensor like)
    {
        nint handle;
        if (!wanted)
        {
            NewUndefined(out handle);
            return (ulong)handle;
        }

        using var made = empty(shape.ToArray(), like.dtype, META);
        NewHandle(made.Handle, out handle);
        return (ulong)handle;
    }
}
