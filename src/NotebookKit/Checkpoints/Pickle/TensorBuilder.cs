
namespace NotebookKit.Checkpoints.Pickle;

/// <summary>The functions of <c>torch._utils</c> that put a tensor together. Every size, stride and offset is checked against the
/// storage.</summary>
internal static class TensorBuilder
{
    /// <summary><c>_rebuild_tensor</c> and <c>_rebuild_tensor_v2(storage, offset, size, stride, …)</c>.</summary>
    public static object? Rebuild(object?[] arguments)
    {
        if (arguments is not [PickledStorage storage, var offset, var size, var stride, ..])
            throw new PickleException("a tensor in it is put together from something else than a storage");
        return Check(storage, Number(offset), Numbers(size), Numbers(stride));
    }

    /// <summary><c>_rebuild_tensor_v3(storage, offset, size, stride, requires_grad, hooks, dtype, …)</c>: a typed view of untyped
    /// bytes.</summary>
    public static object? RebuildTyped(object?[] arguments)
    {
        if (arguments is not [PickledStorage { Root: null } storage, var offset, var size, var stride, _, _,
            PickledGlobal { DType: { } dtype }, ..])
            throw new PickleException("a tensor in it has a type that is not read here; save it as float32 or float16");
        var bytes = storage.Length * SafetensorsTypes.SizeOf(storage.DType);
        return Check(new PickledStorage(storage.Key, dtype, bytes / SafetensorsTypes.SizeOf(dtype)), Number(offset), Numbers(size),
            Numbers(stride));
    }

    /// <summary><c>_rebuild_from_type_v2(function, type, arguments, state)</c>: a tensor with fields of its own, which are left
    /// out.</summary>
    public static object? RebuildFromType(object?[] arguments)
    {
        // The function must be one of those here, not this one again: that could go on for ever.
        if (arguments is not [PickledGlobal { Call: { } call } function, PickledGlobal, PickledTuple of, ..]
            || !function.Name.StartsWith("torch._utils._rebuild", StringComparison.Ordinal))
            throw new PickleException("a tensor in it is put together by something else than PyTorch's own functions");
        return call(of.Items);
    }

    /// <summary><c>_rebuild_parameter(tensor, …)</c>: a parameter is its tensor.</summary>
    public static object? Parameter(object?[] arguments) =>
        arguments is [PickledTensor tensor, ..] ? tensor : throw new PickleException("a parameter in it holds no tensor");

    private static PickledTensor Check(PickledStorage storage, long offset, long[] shape, long[] stride)
    {
        if (shape.Length != stride.Length || shape.Length > PickleLimits.Rank)
            throw new PickleException($"a tensor in it has {shape.Length} sizes and {stride.Length} strides");
        if (offset < 0 || shape.Any(size => size < 0) || stride.Any(step => step < 0))
            throw new PickleException("a tensor in it has a negative offset, size or stride");
        try
        {
            long count = 1, last = offset;
            for (var axis = 0; axis < shape.Length; axis++)
            {
                count = checked(count * shape[axis]);
                last = checked(last + Math.Max(shape[axis] - 1, 0) * stride[axis]);
            }

            // Sizes beside a zero must still fit a tensor's strides.
            _ = shape.Aggregate(1L, (product, size) => checked(product * Math.Max(size, 1)));
            if (count > 0 ? last >= storage.Length : offset > storage.Length)
                throw new PickleException($"a tensor in it reaches beyond its storage of {storage.Length} elements");
            if (count > Math.Max(storage.Length, PickleLimits.Expanded))
                throw new PickleException($"a tensor in it claims {count} elements, its storage has {storage.Length}");
        }
        catch (OverflowException)
        {
            throw new PickleException("a tensor in it is larger than any memory");
        }

        return new PickledTensor(storage, offset, shape, stride);
    }

    private static long Number(object? value) =>
        value is long number ? number : throw new PickleException("a tensor in it has an offset, size or stride that is no number");

    private static long[] Numbers(object? value) => value switch
    {
        PickledTuple { Items.Length: <= PickleLimits.Rank } tuple => [.. tuple.Items.Select(Number)],
        PickledList { Items.Count: <= PickleLimits.Rank } list => [.. list.Items.Select(Number)],
        _ => throw new PickleException($"a tensor in it has sizes or strides that are no tuple of at most {PickleLimits.Rank} numbers"),
    };
}
