namespace TorchSharp;

/// <summary>TorchSharp's tensors, networks, gradients and optimizers, answered by the libtorch that the machine has.</summary>
public static partial class torch
{
    /// <summary>The version of libtorch.</summary>
    public static string __version__
    {
        get
        {
            unsafe
            {
                return System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)NativeMethods.kit_version()) ?? "";
            }
        }
    }

    /// <summary>Tensors joined along an axis.</summary>
    public static Tensor cat(IList<Tensor> tensors, long dim = 0) => Ops.cat.Call(Arg.Tensors(tensors.ToArray()), dim);

    /// <summary>Tensors joined along an axis.</summary>
    public static Tensor concat(IList<Tensor> tensors, long dim = 0) => cat(tensors, dim);

    /// <summary>Tensors of one shape joined along a new axis.</summary>
    public static Tensor stack(IEnumerable<Tensor> tensors, long dim = 0) => Ops.stack.Call(Arg.Tensors(tensors.ToArray()), dim);

    /// <summary>Tensors joined along the first axis, matrices at least.</summary>
    public static Tensor vstack(IList<Tensor> tensors) => Ops.vstack.Call(Arg.Tensors(tensors.ToArray()));

    /// <summary>Tensors joined along the second axis.</summary>
    public static Tensor hstack(IList<Tensor> tensors) => Ops.hstack.Call(Arg.Tensors(tensors.ToArray()));

    /// <summary>Where the condition holds x, elsewhere y.</summary>
    public static Tensor where(Tensor condition, Tensor x, Tensor y) => Ops.where_self.Call(condition, x, y);

    /// <summary>Where the condition holds x, elsewhere y.</summary>
    public static Tensor where(Tensor condition, Tensor x, Scalar y) => Ops.where_ScalarOther.Call(condition, x, y);

    /// <summary>Where the condition holds x, elsewhere y.</summary>
    public static Tensor where(Tensor condition, Scalar x, Tensor y) => Ops.where_ScalarSelf.Call(condition, x, y);

    /// <summary>The positions along each axis where the condition holds.</summary>
    public static Tensor[] where(Tensor condition) => Ops.where.CallList(condition);

    /// <summary>Einstein's sum: <c>einsum("bij,bjk->bik", a, b)</c>.</summary>
    public static Tensor einsum(string equation, params Tensor[] tensors) => Ops.einsum.Call(equation, Arg.Tensors(tensors));

    /// <summary>The grids of coordinates that axes span.</summary>
    public static Tensor[] meshgrid(IEnumerable<Tensor> tensors, string indexing = "ij") =>
        Ops.meshgrid_indexing.CallList(Arg.Tensors(tensors.ToArray()), indexing);

    /// <summary>The lower triangle's row and column numbers.</summary>
    public static Tensor tril_indices(long row, long col, long offset = 0, ScalarType dtype = ScalarType.Int64, Device? device = null) =>
        Ops.tril_indices.Call(row, col, offset, dtype, Arg.None, device, Arg.None);

    /// <summary>Each pair of tensors made equal in shape by broadcasting.</summary>
    public static IList<Tensor> broadcast_tensors(params Tensor[] tensors) => Ops.broadcast_tensors.CallList(Arg.Tensors(tensors));

    /// <summary>The positions where ordered boundaries would take each value.</summary>
    public static Tensor searchsorted(Tensor sorted_sequence, Tensor values, bool out_int32 = false, bool right = false) =>
        Ops.searchsorted_Tensor.Call(sorted_sequence, values, out_int32, right);

    /// <summary>Sets how many threads one operator uses.</summary>
    public static void set_num_threads(int num) => NativeMethods.kit_set_num_threads(num);

    /// <summary>How many threads one operator uses.</summary>
    public static int get_num_threads() => NativeMethods.kit_num_threads();
}
