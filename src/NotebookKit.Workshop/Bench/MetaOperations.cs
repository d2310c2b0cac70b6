using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Bench;

/// <content>The operations themselves: what goes in is taken and freed, what comes out has the right shape.</content>
internal static unsafe partial class MetaKernels
{
    [UnmanagedCallersOnly]
    private static void Convolution(ulong* stack, ulong inputs, ulong outputs)
    {
        // input, weight, bias?, stride, padding, dilation, transposed, output_padding, groups
        using Tensor input = Take(stack[0]), weight = Take(stack[1]);
        using var bias = TakeOptional(stack[2]);
        var (stride, padding, dilation) = (List(stack[3]), List(stack[4]), List(stack[5]));
        List(stack[7]);
        Same("A convolution", input, weight, bias);
        var (x, w) = (input.shape, weight.shape);
        long[] shape = [x[0], w[0],
            .. Enumerable.Range(0, x.Length - 2)
                .Select(d => ((x[d + 2] + (2 * padding[d]) - (dilation[d] * (w[d + 2] - 1)) - 1) / stride[d]) + 1)];
        stack[0] = Like(true, shape, input);
    }

    [UnmanagedCallersOnly]
    private static void ConvolutionBackward(ulong* stack, ulong inputs, ulong outputs)
    {
        // gradient, input, weight, stride, padding, dilation, transposed, output_padding, groups, wanted
        using Tensor gradient = Take(stack[0]), input = Take(stack[1]), weight = Take(stack[2]);
        List(stack[3]);
        List(stack[4]);
        List(stack[5]);
        List(stack[7]);
        var wanted = Wanted(stack[9]);
        Same("A convolution's backward", gradient, input, weight);
        stack[0] = Like(wanted[0], input.shape, input);
        stack[1] = Like(wanted[1], weight.shape, weight);
        stack[2] = Like(wanted[2], [gradient.shape[1]], gradient);
    }

    [UnmanagedCallersOnly]
    private static void GroupNorm(ulong* stack, ulong inputs, ulong outputs)
    {
        // input, weight?, bias?, N, C, HxW, groups, eps
        using var input = Take(stack[0]);
        using Tensor? weight = TakeOptional(stack[1]), bias = TakeOptional(stack[2]);
        Same("A group norm", input, weight, bias);
        long[] few = [(long)stack[3], (long)stack[6]];
        stack[0] = Like(true, input.shape, input);
        stack[1] = Like(true, few, input);
        stack[2] = Like(true, few, input);
    }

    [UnmanagedCallersOnly]
    private static void GroupNormBackward(ulong* stack, ulong inputs, ulong outputs)
    {
        // gradient, input, mean, rstd, weight?, N, C, HxW, groups, wanted
        using Tensor gradient = Take(stack[0]), input = Take(stack[1]), mean = Take(stack[2]), rstd = Take(stack[3]);
        using var weight = TakeOptional(stack[4]);
        Same("A group norm's backward", gradient, input, weight);
        long[] channels = [(long)stack[6]];
        var wanted = Wanted(stack[9]);
        stack[0] = Like(wanted[0], input.shape, input);
        stack[1] = Like(wanted[1], channels, input);
        stack[2] = Like(wanted[2], channels, input);
    }

    [UnmanagedCallersOnly]
    private static void LayerNorm(ulong* stack, ulong inputs, ulong outputs)
    {
        // input, normalized_shape, weight?, bias?, eps
        using var input = Take(stack[0]);
        var normalized = List(stack[1]);
        using Tensor? weight = TakeOptional(stack[2]), bias = TakeOptional(stack[3]);
        Same("A layer norm", input, weight, bias);
        var few = input.shape;
        few.AsSpan(few.Length - normalized.Length).Fill(1);
        stack[0] = Like(true, input.shape, input);
        stack[1] = Like(true, few, input);
        stack[2] = Like(true, few, input);
    }

    [UnmanagedCallersOnly]
    private static void LayerNormBackward(ulong* stack, ulong inputs, ulong outputs)
    {
        // gradient, input, normalized_shape, mean, rstd, weight?, bias?, wanted
        using Tensor gradient = Take(stack[0]), input = Take(stack[1]), mean = Take(stack[3]), rstd = Take(stack[4]);
        var normalized = List(stack[2]);
        using Tensor? weight = TakeOptional(stack[5]), bias = TakeOptional(stack[6]);
        Same("A layer norm's backward", gradient, input, weight, bias);
        var wanted = Wanted(stack[7]);
        stack[0] = Like(wanted[0], input.shape, input);
        stack[1] = Like(wanted[1], normalized, input);
        stack[2] = Like(wanted[2], normalized, input);
    }

    [UnmanagedCallersOnly]
    private static void IndexSelect(ulong* stack, ulong inputs, ulong outputs)
    {
        // input, dimension, index
        using Tensor input = Take(stack[0]), index = Take(stack[2]);
        Same("A look-up", input, index);
        var shape = input.shape;
        var dimension = (long)stack[1];
        shape[dimension < 0 ? dimension + shape.Length : dimension] = index.numel();
        stack[0] = Like(true, shape, input);
    }

    [UnmanagedCallersOnly]
    private static void Softmax(ulong* stack, ulong inputs, ulong outputs)
    {
        // input, dimension, dtype?
        using var input = Take(stack[0]);
        NativeMemory.Free((void*)stack[2]);
        Same("A softmax", input);
        stack[0] = Like(true, input.shape, input);
    }

    [UnmanagedCallersOnly]
    private static void Abs(ulong* stack, ulong inputs, ulong outputs)
    {
        using var input = Take(stack[0]);
        stack[0] = Like(true, input.shape, input);
    }

    [UnmanagedCallersOnly]
    private static void Where(ulong* stack, ulong inputs, ulong outputs)
    {
        // condition, input, other
        using Tensor condition = Take(stack[0]), input = Take(stack[1]), other = Take(stack[2]);
        Same("A choice", condition, input.dim() == 0 ? null : input,
            other.dim() == 0 ? null : other); // single numbers may come from the CPU
        long[] shape = [.. new[] { condition, input, other }.MaxBy(tensor => tensor.dim())!.shape];
        foreach (var tensor in new[] { condition, input, other })
        {
            for (var d = 1; d <= tensor.dim(); d++)
                shape[^d] = Math.Max(shape[^d], tensor.shape[^d]);
        }

        stack[0] = Like(true, shape, input.dim() == 0 ? other : input);
    }

    [UnmanagedCallersOnly]
    private static void Bucketize(ulong* stack, ulong inputs, ulong outputs)
    {
        // input, boundaries, in int32, right
        using Tensor input = Take(stack[0]), boundaries = Take(stack[1]);
        Same("A search", input, boundaries);
        using var like = empty([0], (stack[2] & 1) != 0 ? ScalarType.Int32 : ScalarType.Int64);
        stack[0] = Like(true, input.shape, like);
    }

    [UnmanagedCallersOnly]
    private static void MseBackward(ulong* stack, ulong inputs, ulong outputs)
    {
        // gradient, input, target, reduction
        using Tensor gradient = Take(stack[0]), input = Take(stack[1]), target = Take(stack[2]);
        Same("A mean square's backward", gradient, input, target);
        stack[0] = Like(true, input.shape, input);
    }
}
