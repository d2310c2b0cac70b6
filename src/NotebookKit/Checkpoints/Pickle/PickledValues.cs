using static TorchSharp.torch;

namespace NotebookKit.Checkpoints.Pickle;

/// <summary>A Python list or set.</summary>
internal sealed class PickledList
{
    public List<object?> Items { get; } = [];
}

/// <summary>A Python tuple.</summary>
internal sealed record PickledTuple(object?[] Items);

/// <summary>A Python dict, in its order. Keys are compared only where they are texts: a hostile key may be anything.</summary>
internal sealed class PickledDict
{
    public List<KeyValuePair<object?, object?>> Items { get; } = [];

    /// <summary>The last value under a text key; null where there is none.</summary>
    public object? this[string key] => Items.LastOrDefault(pair => pair.Key is string text && text == key).Value;
}

/// <summary>A name that an allowed global stands for: a class or function that this reader knows what to make of.</summary>
/// <param name="Name">As Python writes it, such as <c>torch.FloatStorage</c>.</param>
/// <param name="Call">What calling it makes of its arguments; null where it is only ever a value.</param>
internal sealed record PickledGlobal(string Name, Func<object?[], object?>? Call)
{
    /// <summary>The element type that a storage class or a dtype stands for.</summary>
    public ScalarType? DType { get; init; }
}

/// <summary>Something that was allowed and is not needed, such as a numpy number: remembered by its name alone.</summary>
/// <param name="Name">What it is.</param>
internal sealed record PickledOpaque(string Name)
{
    /// <summary>What Python would have set its fields from.</summary>
    public object? State { get; set; }
}

/// <summary>A run of numbers in the file that tensors are views of.</summary>
/// <param name="Key">Its name in the file.</param>
/// <param name="DType">The type of the numbers.</param>
/// <param name="Length">How many.</param>
internal sealed record PickledStorage(string Key, ScalarType DType, long Length)
{
    /// <summary>The storage that this one is a stretch of, in the old format.</summary>
    public PickledStorage? Root { get; init; }

    /// <summary>Where this one begins in <see cref="Root"/>, in elements.</summary>
    public long RootOffset { get; init; }
}

/// <summary>A tensor: a view of a storage, checked to lie inside it.</summary>
internal sealed record PickledTensor(PickledStorage Storage, long Offset, long[] Shape, long[] Stride)
{
    public long ElementCount { get; } = Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>Row-major without gaps.</summary>
    public bool IsContiguous
    {
        get
        {
            var step = 1L;
            for (var axis = Shape.Length - 1; axis >= 0; axis--)
            {
                if (Shape[axis] != 1 && Stride[axis] != step)
                    return false;
                step *= Shape[axis];
            }

            return true;
        }
    }
}
