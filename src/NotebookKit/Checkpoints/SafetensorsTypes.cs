using static TorchSharp.torch;

namespace NotebookKit.Checkpoints;

/// <summary>The element types of the safetensors format and the tensor types that hold them.</summary>
internal static class SafetensorsTypes
{
    private static readonly (string Name, int Size, ScalarType Type)[] Known =
    [
        ("F64", 8, ScalarType.Float64), ("I64", 8, ScalarType.Int64),
        ("F32", 4, ScalarType.Float32), ("I32", 4, ScalarType.Int32),
        ("F16", 2, ScalarType.Float16), ("BF16", 2, ScalarType.BFloat16), ("I16", 2, ScalarType.Int16),
        ("I8", 1, ScalarType.Int8), ("U8", 1, ScalarType.Byte), ("BOOL", 1, ScalarType.Bool),
    ];

    /// <summary>Bytes of one element, or null for a type that the reader does not know.</summary>
    public static int? SizeOf(string name)
    {
        foreach (var type in Known)
        {
            if (type.Name == name)
                return type.Size;
        }

        return null;
    }

    /// <summary>Bytes of one element of a tensor type that the format has.</summary>
    public static int SizeOf(ScalarType type) => SizeOf(NameOf(type))!.Value;

    /// <summary>The tensor type for a known type name.</summary>
    public static ScalarType ToScalarType(string name) => Known.First(type => type.Name == name).Type;

    /// <summary>The format's name for a tensor type.</summary>
    /// <exception cref="NotSupportedException">The format has no such type (complex numbers).</exception>
    public static string NameOf(ScalarType type)
    {
        foreach (var known in Known)
        {
            if (known.Type == type)
                return known.Name;
        }

        throw new NotSupportedException($"safetensors can't hold tensors of type {type}.");
    }
}
