namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The same data in another shape; -1 stands for the length that fits.</summary>
        public Tensor view(params ReadOnlySpan<long> shape) => Ops.view.Call(this, shape);

        /// <summary>The data in another shape, copied only where they must be; -1 stands for the length that fits.</summary>
        public Tensor reshape(params ReadOnlySpan<long> shape) => Ops.reshape.Call(this, shape);

        /// <summary>The shape of another tensor.</summary>
        public Tensor view_as(Tensor other) => Ops.view_as.Call(this, other);

        /// <summary>Axes <paramref name="start_dim"/> to <paramref name="end_dim"/> made one.</summary>
        public Tensor flatten(long start_dim = 0, long end_dim = -1) => Ops.flatten_using_ints.Call(this, start_dim, end_dim);

        /// <summary>One axis made several.</summary>
        public Tensor unflatten(long dim, params ReadOnlySpan<long> sizes) => Ops.unflatten_int.Call(this, dim, sizes);

        /// <summary>The axes in another order.</summary>
        public Tensor permute(params ReadOnlySpan<long> permutation) => Ops.permute.Call(this, permutation);

        /// <summary>Two axes exchanged.</summary>
        public Tensor transpose(long dim0, long dim1) => Ops.transpose_int.Call(this, dim0, dim1);

        /// <summary>The two axes of a matrix exchanged.</summary>
        public Tensor t() => Ops.t.Call(this);

        /// <summary>The last two axes exchanged.</summary>
        public Tensor mT => transpose(-2, -1);

        /// <summary>All axes in the opposite order.</summary>
        public Tensor T => Ops.numpy_T.Call(this);

        /// <summary>An axis moved.</summary>
        public Tensor movedim(long source, long destination) => Ops.movedim_int.Call(this, source, destination);

        /// <summary>The elements in order without gaps: this data where they lie so, else a copy.</summary>
        public Tensor contiguous() => Ops.contiguous.Call(this);

        /// <summary>A new axis of length 1 at <paramref name="dim"/>.</summary>
        public Tensor unsqueeze(long dim) => Ops.unsqueeze.Call(this, dim);

        /// <summary>Without the axes of length 1.</summary>
        public Tensor squeeze() => Ops.squeeze.Call(this);

        /// <summary>Without one axis, if its length is 1.</summary>
        public Tensor squeeze(long dim) => Ops.squeeze_dim.Call(this, dim);

        /// <summary>Axes of length 1 repeated without copying; -1 keeps an axis.</summary>
        public Tensor expand(params ReadOnlySpan<long> sizes) => Ops.expand.Call(this, sizes);

        /// <summary>Expanded to the shape of another tensor.</summary>
        public Tensor expand_as(Tensor other) => Ops.expand_as.Call(this, other);

        /// <summary>Expanded to a shape.</summary>
        public Tensor broadcast_to(params ReadOnlySpan<long> shape) => Ops.broadcast_to.Call(this, shape);

        /// <summary>The tensor repeated along each axis, copied.</summary>
        public Tensor repeat(params ReadOnlySpan<long> sizes) => Ops.repeat.Call(this, sizes);

        /// <summary>Each element repeated, one after the other.</summary>
        public Tensor repeat_interleave(long repeats, long? dim = null, long? output_size = null) =>
            Ops.repeat_interleave_self_int.Call(this, repeats, dim, output_size);

        /// <summary>Each element repeated as often as <paramref name="repeats"/> says.</summary>
        public Tensor repeat_interleave(Tensor repeats, long? dim = null, long? output_size = null) =>
            Ops.repeat_interleave_self_Tensor.Call(this, repeats, dim, output_size);

        /// <summary>At most <paramref name="chunks"/> equal parts along an axis.</summary>
        public Tensor[] chunk(long chunks, long dim = 0) => Ops.chunk.CallList(this, chunks, dim);

        /// <summary>Parts of one size along an axis; the last may be smaller.</summary>
        public Tensor[] split(long size, long dim = 0) => Ops.split_Tensor.CallList(this, size, dim);

        /// <summary>Parts of given sizes along an axis.</summary>
        public Tensor[] split(ReadOnlySpan<long> sizes, long dim = 0) => Ops.split_with_sizes.CallList(this, sizes, dim);

        /// <summary>The slices along an axis, each without it.</summary>
        public Tensor[] unbind(long dim = 0) => Ops.unbind_int.CallList(this, dim);

        /// <summary><paramref name="length"/> positions of an axis from <paramref name="start"/> on.</summary>
        public Tensor narrow(long dim, long start, long length) => Ops.narrow.Call(this, dim, start, length);

        /// <summary>Positions <paramref name="start"/> up to but without <paramref name="finish"/> of an axis.</summary>
        public Tensor slice(long dim, long start, long finish, long step) => Ops.slice_Tensor.Call(this, dim, start, finish, step);

        /// <summary>One position of an axis, which disappears.</summary>
        public Tensor select(long dim, long index) => Ops.select_int.Call(this, dim, index);

        /// <summary>The positions of an axis that <paramref name="index"/> names.</summary>
        public Tensor index_select(long dim, Tensor index) => Ops.index_select.Call(this, dim, index);

        /// <summary>For each place of <paramref name="index"/> the element at that position of an axis.</summary>
        public Tensor gather(long dim, Tensor index) => Ops.gather.Call(this, dim, index);

        /// <summary>A copy with the elements of <paramref name="src"/> put at positions of an axis.</summary>
        public Tensor scatter(long dim, Tensor index, Tensor src) => Ops.scatter_src.Call(this, dim, index, src);

        /// <summary>Puts the elements of <paramref name="src"/> at positions of an axis.</summary>
        public Tensor scatter_(long dim, Tensor index, Tensor src)
        {
            Ops.scatter__src.Run(this, dim, index, src);
            return this;
        }

        /// <summary>Adds the elements of <paramref name="src"/> at positions of an axis.</summary>
        public Tensor scatter_add_(long dim, Tensor index, Tensor src)
        {
            Ops.scatter_add_.Run(this, dim, index, src);
            return this;
        }

        /// <summary>Adds slices of <paramref name="source"/> at positions of an axis.</summary>
        public Tensor index_add_(long dim, Tensor index, Tensor source, Scalar alpha)
        {
            Ops.index_add_.Run(this, dim, index, source, alpha);
            return this;
        }

        /// <summary>Copies slices of <paramref name="source"/> to positions of an axis.</summary>
        public Tensor index_copy_(long dim, Tensor index, Tensor source)
        {
            Ops.index_copy_.Run(this, dim, index, source);
            return this;
        }

        /// <summary>The elements where <paramref name="mask"/> holds, in one axis.</summary>
        public Tensor masked_select(Tensor mask) => Ops.masked_select.Call(this, mask);

        /// <summary>The elements at positions of the flattened tensor.</summary>
        public Tensor take(Tensor index) => Ops.take.Call(this, index);

        /// <summary>The positions of the elements that are not 0, a row each.</summary>
        public Tensor nonzero() => Ops.nonzero.Call(this);

        /// <summary>The elements shifted along an axis; what leaves at the end comes back at the start.</summary>
        public Tensor roll(long shifts, long dims) => Ops.roll.Call(this, new long[] { shifts }, new long[] { dims });

        /// <summary>The elements shifted along axes; what leaves at the end comes back at the start.</summary>
        public Tensor roll(ReadOnlySpan<long> shifts, ReadOnlySpan<long> dims = default) => Ops.roll.Call(this, shifts, dims);

        /// <summary>The elements of axes in the opposite order.</summary>
        public Tensor flip(params ReadOnlySpan<long> dims) => Ops.flip.Call(this, dims);

        /// <summary>A matrix without what lies below a diagonal.</summary>
        public Tensor triu(long diagonal = 0) => Ops.triu.Call(this, diagonal);

        /// <summary>A matrix without what lies above a diagonal.</summary>
        public Tensor tril(long diagonal = 0) => Ops.tril.Call(this, diagonal);

        /// <summary>The diagonal of a matrix, or the matrix with this diagonal.</summary>
        public Tensor diag(long diagonal = 0) => Ops.diag.Call(this, diagonal);

        /// <summary>The diagonal of two axes.</summary>
        public Tensor diagonal(long offset = 0, long dim1 = 0, long dim2 = 1) => Ops.diagonal.Call(this, offset, dim1, dim2);

        /// <summary>Windows of an axis.</summary>
        public Tensor unfold(long dimension, long size, long step) => Ops.unfold.Call(this, dimension, size, step);
    }
}
