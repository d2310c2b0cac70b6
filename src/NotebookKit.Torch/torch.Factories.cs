namespace TorchSharp;

public static partial class torch
{
    private static ScalarType defaultType = ScalarType.Float32;

    /// <summary>The element type of factories that are given none.</summary>
    public static ScalarType get_default_dtype() => defaultType;

    /// <summary>Sets the element type of factories that are given none.</summary>
    public static void set_default_dtype(ScalarType dtype) => defaultType = dtype;

    private static Tensor With(Tensor made, bool requires_grad) => requires_grad ? made.requires_grad_() : made;

    // size, dtype, layout, device, pin_memory: the tail that all factories share.
    private static Tensor Make(Op op, Arg first, ScalarType? dtype, Device? device, bool requires_grad) =>
        With(op.Call(first, dtype ?? defaultType, Arg.None, device, Arg.None), requires_grad);

    /// <summary>Zeros.</summary>
    public static Tensor zeros(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Make(Ops.zeros, size, dtype, device, requires_grad);

    /// <summary>Zeros in one axis.</summary>
    public static Tensor zeros(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        zeros([size], dtype, device, requires_grad);

    /// <summary>Zeros in two axes.</summary>
    public static Tensor zeros(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        zeros([rows, columns], dtype, device, requires_grad);

    /// <summary>Zeros in three axes.</summary>
    public static Tensor zeros(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        zeros([dim0, dim1, dim2], dtype, device, requires_grad);

    /// <summary>Zeros in four axes.</summary>
    public static Tensor zeros(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        zeros([dim0, dim1, dim2, dim3], dtype, device, requires_grad);

    /// <summary>Ones.</summary>
    public static Tensor ones(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Make(Ops.ones, size, dtype, device, requires_grad);

    /// <summary>Ones in one axis.</summary>
    public static Tensor ones(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        ones([size], dtype, device, requires_grad);

    /// <summary>Ones in two axes.</summary>
    public static Tensor ones(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        ones([rows, columns], dtype, device, requires_grad);

    /// <summary>Ones in three axes.</summary>
    public static Tensor ones(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        ones([dim0, dim1, dim2], dtype, device, requires_grad);

    /// <summary>Ones in four axes.</summary>
    public static Tensor ones(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        ones([dim0, dim1, dim2, dim3], dtype, device, requires_grad);

    /// <summary>Memory as it happens to be.</summary>
    public static Tensor empty(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Make(Ops.empty_memory_format, size, dtype, device, requires_grad);

    /// <summary>Memory as it happens to be, in one axis.</summary>
    public static Tensor empty(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        empty([size], dtype, device, requires_grad);

    /// <summary>Memory as it happens to be, in two axes.</summary>
    public static Tensor empty(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        empty([rows, columns], dtype, device, requires_grad);

    /// <summary>Memory as it happens to be, in three axes.</summary>
    public static Tensor empty(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        empty([dim0, dim1, dim2], dtype, device, requires_grad);

    /// <summary>Memory as it happens to be, in four axes.</summary>
    public static Tensor empty(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        empty([dim0, dim1, dim2, dim3], dtype, device, requires_grad);

    /// <summary>One number everywhere.</summary>
    public static Tensor full(ReadOnlySpan<long> size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        With(Ops.full.Call(size, value, dtype ?? TypeFor(value), Arg.None, device, Arg.None), requires_grad);

    /// <summary>One number everywhere, in one axis.</summary>
    public static Tensor full(long size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        full([size], value, dtype, device, requires_grad);

    /// <summary>One number everywhere, in two axes.</summary>
    public static Tensor full(long rows, long columns, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        full([rows, columns], value, dtype, device, requires_grad);

    /// <summary>The matrix with 1 on the diagonal.</summary>
    public static Tensor eye(long rows, long columns = -1, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        With(Ops.eye_m.Call(rows, columns < 0 ? rows : columns, dtype ?? defaultType, Arg.None, device, Arg.None), requires_grad);

    /// <summary>The numbers from 0 up to but without <paramref name="stop"/>.</summary>
    public static Tensor arange(Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        arange(0, stop, 1, dtype, device, requires_grad);

    /// <summary>The numbers from <paramref name="start"/> up to but without <paramref name="stop"/>.</summary>
    public static Tensor arange(Scalar start, Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        arange(start, stop, 1, dtype, device, requires_grad);

    /// <summary>The numbers from <paramref name="start"/> up to but without <paramref name="stop"/>, <paramref name="step"/> apart.</summary>
    public static Tensor arange(Scalar start, Scalar stop, Scalar step, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
    {
        var type = dtype ?? (start.IsFloat || stop.IsFloat || step.IsFloat ? defaultType : ScalarType.Int64);
        return With(Ops.arange_start_step.Call(start, stop, step, type, Arg.None, device, Arg.None), requires_grad);
    }

    /// <summary><paramref name="steps"/> numbers evenly from <paramref name="start"/> to <paramref name="end"/>, both included.</summary>
    public static Tensor linspace(Scalar start, Scalar end, long steps, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        With(Ops.linspace.Call(start, end, steps, dtype ?? defaultType, Arg.None, device, Arg.None), requires_grad);

    /// <summary><paramref name="steps"/> powers of <paramref name="base"/>, their exponents evenly from <paramref name="start"/> to <paramref name="end"/>.</summary>
    public static Tensor logspace(Scalar start, Scalar end, long steps, double @base = 10, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        With(Ops.logspace.Call(start, end, steps, @base, dtype ?? defaultType, Arg.None, device, Arg.None), requires_grad);

    private static ScalarType TypeFor(Scalar value) => value.IsFloat ? defaultType : value.IsBool ? ScalarType.Bool : ScalarType.Int64;
}
