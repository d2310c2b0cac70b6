namespace TorchSharp;

public static partial class torch
{
    // tensor, dtype, layout, device, pin_memory: the tail that all of these share.
    private static Tensor Like(Op op, Tensor input, ScalarType? dtype, Device? device, bool requires_grad) =>
        With(op.Call(input, dtype, Arg.None, device, Arg.None), requires_grad);

    /// <summary>Zeros, in the shape of another tensor, with its type and device where none are given.</summary>
    public static Tensor zeros_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Like(Ops.zeros_like, input, dtype, device, requires_grad);

    /// <summary>Ones, in the shape of another tensor, with its type and device where none are given.</summary>
    public static Tensor ones_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Like(Ops.ones_like, input, dtype, device, requires_grad);

    /// <summary>Memory as it happens to be, in the shape of another tensor, with its type and device where none are given.</summary>
    public static Tensor empty_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Like(Ops.empty_like, input, dtype, device, requires_grad);

    /// <summary>Numbers evenly in [0, 1), in the shape of another tensor, with its type and device where none are given.</summary>
    public static Tensor rand_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Like(Ops.rand_like, input, dtype, device, requires_grad);

    /// <summary>Numbers of the normal distribution, in the shape of another tensor, with its type and device where none are given.</summary>
    public static Tensor randn_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Like(Ops.randn_like, input, dtype, device, requires_grad);

    /// <summary>One number in the shape of another tensor, with its type and device where none are given.</summary>
    public static Tensor full_like(Tensor input, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        With(Ops.full_like.Call(input, value, dtype, Arg.None, device, Arg.None), requires_grad);

    /// <summary>Whole numbers from <paramref name="low"/> up to but without <paramref name="high"/>, in the shape of another tensor.</summary>
    public static Tensor randint_like(Tensor input, long low, long high, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        With(Ops.randint_like_low_dtype.Call(input, low, high, dtype, Arg.None, device, Arg.None), requires_grad);

    public partial class Tensor
    {
        /// <summary>Zeros, in this shape, with this type and device where none are given.</summary>
        public Tensor zeros_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
            torch.zeros_like(this, dtype, device, requires_grad);

        /// <summary>Ones, in this shape, with this type and device where none are given.</summary>
        public Tensor ones_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
            torch.ones_like(this, dtype, device, requires_grad);

        /// <summary>Memory as it happens to be, in this shape, with this type and device where none are given.</summary>
        public Tensor empty_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
            torch.empty_like(this, dtype, device, requires_grad);

        /// <summary>Numbers evenly in [0, 1), in this shape, with this type and device where none are given.</summary>
        public Tensor rand_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
            torch.rand_like(this, dtype, device, requires_grad);

        /// <summary>Numbers of the normal distribution, in this shape, with this type and device where none are given.</summary>
        public Tensor randn_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
            torch.randn_like(this, dtype, device, requires_grad);

        /// <summary>One number in this shape, with this type and device where none are given.</summary>
        public Tensor full_like(Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
            torch.full_like(this, value, dtype, device, requires_grad);

        /// <summary>Zeros with this type and device where none are given.</summary>
        public Tensor new_zeros(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
            zeros(size, dtype ?? this.dtype, device ?? this.device, requires_grad);

        /// <summary>Ones with this type and device where none are given.</summary>
        public Tensor new_ones(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
            ones(size, dtype ?? this.dtype, device ?? this.device, requires_grad);
    }
}
