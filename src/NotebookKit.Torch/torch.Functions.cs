namespace TorchSharp;

public static partial class torch
{
    /// <inheritdoc cref="Tensor.gt(Tensor)"/>
    public static Tensor gt(Tensor left, Tensor right) => left.gt(right);

    /// <inheritdoc cref="Tensor.ge(Tensor)"/>
    public static Tensor ge(Tensor left, Tensor right) => left.ge(right);

    /// <inheritdoc cref="Tensor.logical_and(Tensor)"/>
    public static Tensor logical_and(Tensor left, Tensor right) => left.logical_and(right);

    /// <inheritdoc cref="Tensor.logical_or(Tensor)"/>
    public static Tensor logical_or(Tensor left, Tensor right) => left.logical_or(right);

    /// <inheritdoc cref="Tensor.allclose(Tensor, double, double, bool)"/>
    public static bool allclose(Tensor tensor, Tensor target, double rtol = 1e-05, double atol = 1e-08, bool equal_nan = false) => tensor.allclose(target, rtol, atol, equal_nan);

    /// <inheritdoc cref="Tensor.isclose(Tensor, double, double, bool)"/>
    public static Tensor isclose(Tensor tensor, Tensor other, double rtol = 1e-05, double atol = 1e-08, bool nanEqual = false) => tensor.isclose(other, rtol, atol, nanEqual);

    /// <inheritdoc cref="Tensor.equal(Tensor)"/>
    public static bool equal(Tensor tensor, Tensor other) => tensor.equal(other);

    /// <inheritdoc cref="Tensor.reshape(ReadOnlySpan{long})"/>
    public static Tensor reshape(Tensor tensor, params ReadOnlySpan<long> shape) => tensor.reshape(shape);

    /// <inheritdoc cref="Tensor.permute(ReadOnlySpan{long})"/>
    public static Tensor permute(Tensor tensor, params ReadOnlySpan<long> permutation) => tensor.permute(permutation);

    /// <inheritdoc cref="Tensor.transpose(long, long)"/>
    public static Tensor transpose(Tensor tensor, long dim0, long dim1) => tensor.transpose(dim0, dim1);

    /// <inheritdoc cref="Tensor.flatten(long, long)"/>
    public static Tensor flatten(Tensor tensor, long start_dim = 0, long end_dim = -1) => tensor.flatten(start_dim, end_dim);

    /// <inheritdoc cref="Tensor.unsqueeze(long)"/>
    public static Tensor unsqueeze(Tensor tensor, long dim) => tensor.unsqueeze(dim);

    /// <inheritdoc cref="Tensor.squeeze()"/>
    public static Tensor squeeze(Tensor tensor) => tensor.squeeze();

    /// <inheritdoc cref="Tensor.squeeze(long)"/>
    public static Tensor squeeze(Tensor tensor, long dim) => tensor.squeeze(dim);

    /// <inheritdoc cref="Tensor.chunk(long, long)"/>
    public static Tensor[] chunk(Tensor tensor, long chunks, long dim = 0) => tensor.chunk(chunks, dim);

    /// <inheritdoc cref="Tensor.split(long, long)"/>
    public static Tensor[] split(Tensor tensor, long split_size, long dim = 0) => tensor.split(split_size, dim);

    /// <inheritdoc cref="Tensor.split(ReadOnlySpan{long}, long)"/>
    public static Tensor[] split(Tensor tensor, long[] split_sizes, long dim = 0) => tensor.split(split_sizes, dim);

    /// <inheritdoc cref="Tensor.unbind(long)"/>
    public static Tensor[] unbind(Tensor tensor, long dim = 0) => tensor.unbind(dim);

    /// <inheritdoc cref="Tensor.gather(long, Tensor)"/>
    public static Tensor gather(Tensor tensor, long dim, Tensor index) => tensor.gather(dim, index);

    /// <inheritdoc cref="Tensor.index_select(long, Tensor)"/>
    public static Tensor index_select(Tensor tensor, long dim, Tensor index) => tensor.index_select(dim, index);

    /// <inheritdoc cref="Tensor.masked_select(Tensor)"/>
    public static Tensor masked_select(Tensor tensor, Tensor mask) => tensor.masked_select(mask);

    /// <inheritdoc cref="Tensor.nonzero()"/>
    public static Tensor nonzero(Tensor tensor) => tensor.nonzero();

    /// <inheritdoc cref="Tensor.narrow(long, long, long)"/>
    public static Tensor narrow(Tensor tensor, long dim, long start, long length) => tensor.narrow(dim, start, length);

    /// <inheritdoc cref="Tensor.roll(long, long)"/>
    public static Tensor roll(Tensor tensor, long shifts, long dims) => tensor.roll(shifts, dims);

    /// <inheritdoc cref="Tensor.flip(ReadOnlySpan{long})"/>
    public static Tensor flip(Tensor tensor, params ReadOnlySpan<long> dims) => tensor.flip(dims);

    /// <inheritdoc cref="Tensor.triu(long)"/>
    public static Tensor triu(Tensor tensor, long diagonal = 0) => tensor.triu(diagonal);

    /// <inheritdoc cref="Tensor.tril(long)"/>
    public static Tensor tril(Tensor tensor, long diagonal = 0) => tensor.tril(diagonal);

    /// <inheritdoc cref="Tensor.diag(long)"/>
    public static Tensor diag(Tensor tensor, long diagonal = 0) => tensor.diag(diagonal);

    /// <inheritdoc cref="Tensor.repeat_interleave(long, long?, long?)"/>
    public static Tensor repeat_interleave(Tensor tensor, long repeats, long? dim = null) => tensor.repeat_interleave(repeats, dim);

    /// <inheritdoc cref="Tensor.broadcast_to(ReadOnlySpan{long})"/>
    public static Tensor broadcast_to(Tensor tensor, params ReadOnlySpan<long> shape) => tensor.broadcast_to(shape);

    /// <inheritdoc cref="Tensor.clone()"/>
    public static Tensor clone(Tensor tensor) => tensor.clone();

    /// <inheritdoc cref="Tensor.sum(ScalarType?)"/>
    public static Tensor sum(Tensor tensor, ScalarType? type = null) => tensor.sum(type);

    /// <inheritdoc cref="Tensor.sum(long, bool, ScalarType?)"/>
    public static Tensor sum(Tensor tensor, long dim, bool keepdim = false, ScalarType? type = null) => tensor.sum(dim, keepdim, type);

    /// <inheritdoc cref="Tensor.sum(ReadOnlySpan{long}, bool, ScalarType?)"/>
    public static Tensor sum(Tensor tensor, ReadOnlySpan<long> dim, bool keepdim = false, ScalarType? type = null) => tensor.sum(dim, keepdim, type);

    /// <inheritdoc cref="Tensor.mean()"/>
    public static Tensor mean(Tensor tensor) => tensor.mean();

    /// <inheritdoc cref="Tensor.mean(ReadOnlySpan{long}, bool, ScalarType?)"/>
    public static Tensor mean(Tensor tensor, ReadOnlySpan<long> dimensions, bool keepdim = false, ScalarType? type = null) => tensor.mean(dimensions, keepdim, type);

    /// <inheritdoc cref="Tensor.var(bool)"/>
    public static Tensor var(Tensor tensor, bool unbiased = true) => tensor.var(unbiased);

    /// <inheritdoc cref="Tensor.std(bool)"/>
    public static Tensor std(Tensor tensor, bool unbiased = true) => tensor.std(unbiased);

    /// <inheritdoc cref="Tensor.var(ReadOnlySpan{long}, bool, bool)"/>
    public static Tensor var(Tensor tensor, ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false) => tensor.var(dimensions, unbiased, keepdim);

    /// <inheritdoc cref="Tensor.std(ReadOnlySpan{long}, bool, bool)"/>
    public static Tensor std(Tensor tensor, ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false) => tensor.std(dimensions, unbiased, keepdim);

    /// <inheritdoc cref="Tensor.max()"/>
    public static Tensor max(Tensor tensor) => tensor.max();

    /// <inheritdoc cref="Tensor.maximum(Tensor)"/>
    public static Tensor max(Tensor tensor, Tensor other) => tensor.maximum(other);

    /// <inheritdoc cref="Tensor.max(long, bool)"/>
    public static (Tensor values, Tensor indexes) max(Tensor tensor, long dim, bool keepdim = false) => tensor.max(dim, keepdim);

    /// <inheritdoc cref="Tensor.min()"/>
    public static Tensor min(Tensor tensor) => tensor.min();

    /// <inheritdoc cref="Tensor.minimum(Tensor)"/>
    public static Tensor min(Tensor tensor, Tensor other) => tensor.minimum(other);

    /// <inheritdoc cref="Tensor.min(long, bool)"/>
    public static (Tensor values, Tensor indexes) min(Tensor tensor, long dim, bool keepdim = false) => tensor.min(dim, keepdim);

    /// <inheritdoc cref="Tensor.argmax()"/>
    public static Tensor argmax(Tensor tensor) => tensor.argmax();

    /// <inheritdoc cref="Tensor.argmax(long, bool)"/>
    public static Tensor argmax(Tensor tensor, long dim, bool keepdim = false) => tensor.argmax(dim, keepdim);

    /// <inheritdoc cref="Tensor.argmin()"/>
    public static Tensor argmin(Tensor tensor) => tensor.argmin();

    /// <inheritdoc cref="Tensor.argmin(long, bool)"/>
    public static Tensor argmin(Tensor tensor, long dim, bool keepdim = false) => tensor.argmin(dim, keepdim);

    /// <inheritdoc cref="Tensor.argsort(long, bool)"/>
    public static Tensor argsort(Tensor tensor, long dim = -1, bool descending = false) => tensor.argsort(dim, descending);

    /// <inheritdoc cref="Tensor.any()"/>
    public static Tensor any(Tensor tensor) => tensor.any();

    /// <inheritdoc cref="Tensor.all()"/>
    public static Tensor all(Tensor tensor) => tensor.all();

    /// <inheritdoc cref="Tensor.norm(float)"/>
    public static Tensor norm(Tensor tensor, float p = 2.0f) => tensor.norm(p);

    /// <inheritdoc cref="Tensor.prod(ScalarType?)"/>
    public static Tensor prod(Tensor tensor, ScalarType? type = null) => tensor.prod(type);

    /// <inheritdoc cref="Tensor.cumsum(long, ScalarType?)"/>
    public static Tensor cumsum(Tensor tensor, long dim, ScalarType? type = null) => tensor.cumsum(dim, type);

    /// <inheritdoc cref="Tensor.cumprod(long, ScalarType?)"/>
    public static Tensor cumprod(Tensor tensor, long dim, ScalarType? type = null) => tensor.cumprod(dim, type);

    /// <inheritdoc cref="Tensor.logsumexp(long, bool)"/>
    public static Tensor logsumexp(Tensor tensor, long dim, bool keepdim = false) => tensor.logsumexp(dim, keepdim);

    /// <inheritdoc cref="Tensor.topk(int, int, bool, bool)"/>
    public static (Tensor values, Tensor indices) topk(Tensor tensor, int k, int dim = -1, bool largest = true, bool sorted = true) => tensor.topk(k, dim, largest, sorted);

    /// <inheritdoc cref="Tensor.sort(long, bool, bool)"/>
    public static (Tensor Values, Tensor Indices) sort(Tensor tensor, long dim = -1, bool descending = false, bool stable = false) => tensor.sort(dim, descending, stable);

    /// <inheritdoc cref="Tensor.quantile(Tensor, long?, bool)"/>
    public static Tensor quantile(Tensor tensor, Tensor q, long? dim = null, bool keepdim = false) => tensor.quantile(q, dim, keepdim);

    /// <inheritdoc cref="Tensor.median()"/>
    public static Tensor median(Tensor tensor) => tensor.median();

    /// <inheritdoc cref="Tensor.bincount(Tensor, long)"/>
    public static Tensor bincount(Tensor tensor, Tensor? weights = null, long minlength = 0) => tensor.bincount(weights, minlength);

    /// <inheritdoc cref="Tensor.matmul(Tensor)"/>
    public static Tensor matmul(Tensor input, Tensor target) => input.matmul(target);

    /// <inheritdoc cref="Tensor.mm(Tensor)"/>
    public static Tensor mm(Tensor input, Tensor target) => input.mm(target);

    /// <inheritdoc cref="Tensor.bmm(Tensor)"/>
    public static Tensor bmm(Tensor input, Tensor batch2) => input.bmm(batch2);

    /// <inheritdoc cref="Tensor.mv(Tensor)"/>
    public static Tensor mv(Tensor input, Tensor target) => input.mv(target);

    /// <inheritdoc cref="Tensor.dot(Tensor)"/>
    public static Tensor dot(Tensor input, Tensor target) => input.dot(target);

    /// <inheritdoc cref="Tensor.outer(Tensor)"/>
    public static Tensor outer(Tensor input, Tensor vec2) => input.outer(vec2);

    /// <inheritdoc cref="Tensor.baddbmm(Tensor, Tensor, float, float)"/>
    public static Tensor baddbmm(Tensor input, Tensor batch1, Tensor batch2, float beta = 1, float alpha = 1) => input.baddbmm(batch1, batch2, beta, alpha);

    /// <inheritdoc cref="Tensor.addmm(Tensor, Tensor, float, float)"/>
    public static Tensor addmm(Tensor input, Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) => input.addmm(mat1, mat2, beta, alpha);

    /// <inheritdoc cref="Tensor.softmax(long, ScalarType?)"/>
    public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null) => input.softmax(dim, dtype);
}
