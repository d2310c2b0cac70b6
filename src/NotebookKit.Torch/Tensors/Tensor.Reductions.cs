namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The sum of all elements.</summary>
        public Tensor sum(ScalarType? type = null) => Ops.sum.Call(this, type);

        /// <summary>The sums over an axis.</summary>
        public Tensor sum(long dim, bool keepdim = false, ScalarType? type = null) => Ops.sum_dim_IntList.Call(this, Axis(dim), keepdim, type);

        /// <summary>The sums over an axis. (Without this, C# would read the number 0 as the first element type.)</summary>
        public Tensor sum(int dim, bool keepdim = false, ScalarType? type = null) => sum((long)dim, keepdim, type);

        /// <summary>The sums over axes.</summary>
        public Tensor sum(ReadOnlySpan<long> dim, bool keepdim = false, ScalarType? type = null) => Ops.sum_dim_IntList.Call(this, dim, keepdim, type);

        /// <summary>The mean of all elements.</summary>
        public Tensor mean() => Ops.mean.Call(this);

        /// <summary>The means over axes.</summary>
        public Tensor mean(ReadOnlySpan<long> dimensions, bool keepdim = false, ScalarType? type = null) => Ops.mean_dim.Call(this, dimensions, keepdim, type);

        /// <summary>The means over an axis.</summary>
        public Tensor mean(long dim, bool keepdim = false, ScalarType? type = null) => Ops.mean_dim.Call(this, Axis(dim), keepdim, type);

        /// <summary>The variance of all elements.</summary>
        public Tensor var(bool unbiased = true) => Ops.var.Call(this, unbiased);

        /// <summary>The variances over an axis.</summary>
        public Tensor var(long dim, bool unbiased = true, bool keepdim = false) => Ops.var_dim.Call(this, Axis(dim), unbiased, keepdim);

        /// <summary>The variances over axes.</summary>
        public Tensor var(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false) => Ops.var_dim.Call(this, dimensions, unbiased, keepdim);

        /// <summary>The standard deviation of all elements.</summary>
        public Tensor std(bool unbiased = true) => Ops.std.Call(this, unbiased);

        /// <summary>The standard deviations over an axis.</summary>
        public Tensor std(long dim, bool unbiased = true, bool keepdim = false) => Ops.std_dim.Call(this, Axis(dim), unbiased, keepdim);

        /// <summary>The standard deviations over axes.</summary>
        public Tensor std(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false) => Ops.std_dim.Call(this, dimensions, unbiased, keepdim);

        /// <summary>The largest element.</summary>
        public Tensor max() => Ops.max.Call(this);

        /// <summary>The larger of two elements, broadcast.</summary>
        public Tensor max(Tensor other) => maximum(other);

        /// <summary>The largest elements along an axis and their positions.</summary>
        public (Tensor values, Tensor indexes) max(long dim, bool keepdim = false) => Ops.max_dim.Call2(this, dim, keepdim);

        /// <summary>The smallest element.</summary>
        public Tensor min() => Ops.min.Call(this);

        /// <summary>The smaller of two elements, broadcast.</summary>
        public Tensor min(Tensor other) => minimum(other);

        /// <summary>The smallest elements along an axis and their positions.</summary>
        public (Tensor values, Tensor indexes) min(long dim, bool keepdim = false) => Ops.min_dim.Call2(this, dim, keepdim);

        /// <summary>The largest elements over axes.</summary>
        public Tensor amax(ReadOnlySpan<long> dims, bool keepdim = false) => Ops.amax.Call(this, dims, keepdim);

        /// <summary>The smallest elements over axes.</summary>
        public Tensor amin(ReadOnlySpan<long> dims, bool keepdim = false) => Ops.amin.Call(this, dims, keepdim);

        /// <summary>The position of the largest element in the flattened tensor.</summary>
        public Tensor argmax() => Ops.argmax.Call(this);

        /// <summary>The positions of the largest elements along an axis.</summary>
        public Tensor argmax(long dim, bool keepdim = false) => Ops.argmax.Call(this, dim, keepdim);

        /// <summary>The position of the smallest element in the flattened tensor.</summary>
        public Tensor argmin() => Ops.argmin.Call(this);

        /// <summary>The positions of the smallest elements along an axis.</summary>
        public Tensor argmin(long dim, bool keepdim = false) => Ops.argmin.Call(this, dim, keepdim);

        /// <summary>The positions that would sort an axis.</summary>
        public Tensor argsort(long dim = -1, bool descending = false) => Ops.argsort.Call(this, dim, descending);

        /// <summary>Whether any element is true.</summary>
        public Tensor any() => Ops.any.Call(this);

        /// <summary>Whether any element along an axis is true.</summary>
        public Tensor any(long dim, bool keepdim = false) => Ops.any_dim.Call(this, dim, keepdim);

        /// <summary>Whether all elements are true.</summary>
        public Tensor all() => Ops.all.Call(this);

        /// <summary>Whether all elements along an axis are true.</summary>
        public Tensor all(long dim, bool keepdim = false) => Ops.all_dim.Call(this, dim, keepdim);

        /// <summary>The p-norm of all elements.</summary>
        public Tensor norm(float p = 2.0f) => Ops.norm_Scalar.Call(this, (double)p);

        /// <summary>The p-norms over an axis.</summary>
        public Tensor norm(int dim, bool keepdim = false, float p = 2.0f) => Ops.norm_ScalarOpt_dim.Call(this, (double)p, Axis(dim), keepdim);

        /// <summary>The product of all elements.</summary>
        public Tensor prod(ScalarType? type = null) => Ops.prod.Call(this, type);

        /// <summary>The products over an axis.</summary>
        public Tensor prod(long dim, bool keepdim = false, ScalarType? type = null) => Ops.prod_dim_int.Call(this, dim, keepdim, type);

        /// <summary>The products over an axis. (Without this, C# would read the number 0 as the first element type.)</summary>
        public Tensor prod(int dim, bool keepdim = false, ScalarType? type = null) => prod((long)dim, keepdim, type);

        /// <summary>The sums of an axis so far.</summary>
        public Tensor cumsum(long dim, ScalarType? type = null) => Ops.cumsum.Call(this, dim, type);

        /// <summary>The products of an axis so far.</summary>
        public Tensor cumprod(long dim, ScalarType? type = null) => Ops.cumprod.Call(this, dim, type);

        /// <summary>log Σ exp over an axis.</summary>
        public Tensor logsumexp(long dim, bool keepdim = false) => Ops.logsumexp.Call(this, Axis(dim), keepdim);

        /// <summary>The k largest (or smallest) elements along an axis and their positions.</summary>
        public (Tensor values, Tensor indexes) topk(int k, int dim = -1, bool largest = true, bool sorted = true) =>
            Ops.topk.Call2(this, k, dim, largest, sorted);

        /// <summary>An axis sorted, and the positions where its elements were.</summary>
        public (Tensor Values, Tensor Indices) sort(long dim = -1, bool descending = false, bool stable = false) =>
            Ops.sort_stable.Call2(this, stable, dim, descending);

        /// <summary>The numbers below which parts q of the elements along an axis lie, interpolated.</summary>
        public Tensor quantile(Tensor q, long dim = -1, bool keepdim = false) => Ops.quantile.Call(this, q, dim, keepdim);

        /// <summary>The element in the middle; of two the lower.</summary>
        public Tensor median() => Ops.median.Call(this);

        /// <summary>How often each whole number from 0 on occurs.</summary>
        public Tensor bincount(Tensor? weights = null, long minlength = 0) => Ops.bincount.Call(this, weights, minlength);

        /// <summary>How many elements lie in each of equal bins.</summary>
        public Tensor histc(long bins = 100, double min = 0, double max = 0) => Ops.histc.Call(this, bins, min, max);

        private static Arg Axis(long dim) => (ReadOnlySpan<long>)[dim];
    }
}
