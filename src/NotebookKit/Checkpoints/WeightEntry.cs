using static TorchSharp.torch;

namespace NotebookKit.Checkpoints;

/// <summary>One tensor of a <see cref="WeightFile"/>, whatever the file's format.</summary>
/// <param name="Name">The tensor's name, such as <c>conv_in.weight</c>.</param>
/// <param name="DType">The type it is stored in.</param>
/// <param name="Shape">The dimensions, row-major; empty for a scalar.</param>
public sealed record WeightEntry(string Name, ScalarType DType, IReadOnlyList<long> Shape)
{
    /// <summary>How many numbers.</summary>
    public long ElementCount => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>How many bytes when stored densely.</summary>
    public long ByteCount => ElementCount * SafetensorsTypes.SizeOf(DType);
}
