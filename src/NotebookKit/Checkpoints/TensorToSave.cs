using static TorchSharp.torch;

namespace NotebookKit.Checkpoints;

/// <summary>A tensor on its way into a file: converted only when its turn comes, so that no second copy of a model is ever whole.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Value">The tensor, of any device and layout.</param>
/// <param name="DType">The type to store.</param>
internal sealed record TensorToSave(string Name, Tensor Value, ScalarType DType)
{
    /// <summary>The shape in the file; the tensor's own unless said otherwise. As many elements.</summary>
    public IReadOnlyList<long> Shape { get; init; } = Value.shape;

    /// <summary>Bytes in the file.</summary>
    public long ByteCount => Value.NumberOfElements * SafetensorsTypes.SizeOf(DType);

    /// <summary>Writes the data, row-major.</summary>
    /// <exception cref="BadInputException">A number lies past the range of float16.</exception>
    public void Write(Stream stream)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        if (DType == ScalarType.Float16 && Value.is_floating_point() && Value.NumberOfElements > 0
            && (IsPastHalf(Value.max()) || IsPastHalf(Value.min())))
            throw new BadInputException($"'{Name}' holds numbers past 65504, which float16 cannot store; store the model in float32 or "
                + "bfloat16.");
        TensorBytes.Write(Value.detach().to(DType), stream);
    }

    // 65520 is the first that is rounded to infinity.
    private static bool IsPastHalf(Tensor number) =>
        Math.Abs(number.to(ScalarType.Float64).item<double>()) is >= 65520 and < double.PositiveInfinity;
}
