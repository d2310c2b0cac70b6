namespace NotebookKit.Checkpoints;

/// <summary>Where one tensor of a <c>.safetensors</c> file lies and how it is to be read.</summary>
/// <param name="Name">The tensor's name, such as <c>conv_in.weight</c>.</param>
/// <param name="DType">The format's type name: F64, F32, F16, BF16, I64, I32, I16, I8, U8 or BOOL.</param>
/// <param name="Shape">The dimensions, row-major; empty for a scalar.</param>
/// <param name="Begin">First byte, counted from the start of the file's data part.</param>
/// <param name="End">One past the last byte.</param>
public sealed record SafetensorsEntry(string Name, string DType, IReadOnlyList<long> Shape, long Begin, long End)
{
    /// <summary>Bytes of data.</summary>
    public long ByteCount => End - Begin;
}
