using System.Buffers.Binary;
using System.Text;
using static TorchSharp.torch;

namespace NotebookKit.Checkpoints.Pickle;

/// <summary>Writes the few operations (protocol 2) that a state dict takes, so that <c>torch.load(weights_only=True)</c> reads
/// it.</summary>
internal sealed class PickleWriter
{
    private readonly MemoryStream _output = new();

    /// <summary>Starts a pickle.</summary>
    public PickleWriter() => _output.Write([0x80, 2]);

    /// <summary>A dictionary: its keys and values are written between this and <see cref="EndDictionary"/>.</summary>
    public void BeginDictionary() => _output.Write("}("u8);

    /// <summary>Closes a dictionary.</summary>
    public void EndDictionary() => _output.Write("u"u8);

    /// <summary>A text.</summary>
    public void Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        _output.Write("X"u8);
        _output.Write(length);
        _output.Write(bytes);
    }

    /// <summary>A contiguous tensor that is a whole storage.</summary>
    public void Tensor(string key, ScalarType dtype, IReadOnlyList<long> shape)
    {
        Global("torch._utils", "_rebuild_tensor_v2");
        _output.Write("(("u8);
        Text("storage");
        Global("torch", StorageOf(dtype));
        Text(key);
        Text("cpu");
        Number(shape.Aggregate(1L, (product, size) => product * size));
        _output.Write("tQ"u8);
        Number(0);
        Tuple(shape);
        Tuple(Strides(shape));
        _output.WriteByte(0x89);
        Global("collections", "OrderedDict");
        _output.Write(")RtR"u8);
    }

    /// <summary>Ends the pickle.</summary>
    public byte[] Finish()
    {
        _output.Write("."u8);
        return _output.ToArray();
    }

    private static string StorageOf(ScalarType dtype) => dtype switch
    {
        ScalarType.Float64 => "DoubleStorage",
        ScalarType.Float32 => "FloatStorage",
        ScalarType.Float16 => "HalfStorage",
        ScalarType.BFloat16 => "BFloat16Storage",
        ScalarType.Int64 => "LongStorage",
        ScalarType.Int32 => "IntStorage",
        ScalarType.Int16 => "ShortStorage",
        ScalarType.Int8 => "CharStorage",
        ScalarType.Byte => "ByteStorage",
        ScalarType.Bool => "BoolStorage",
        _ => throw new NotSupportedException($"A checkpoint with tensors of type {dtype} is not written here."),
    };

    private static long[] Strides(IReadOnlyList<long> shape)
    {
        var strides = new long[shape.Count];
        var step = 1L;
        for (var axis = shape.Count - 1; axis >= 0; axis--)
        {
            strides[axis] = step;
            step *= Math.Max(shape[axis], 1);
        }

        return strides;
    }

    private void Global(string module, string name) => _output.Write(Encoding.ASCII.GetBytes($"c{module}\n{name}\n"));

    private void Tuple(IReadOnlyList<long> numbers)
    {
        if (numbers.Count == 0)
        {
            _output.Write(")"u8);
            return;
        }

        _output.Write("("u8);
        foreach (var number in numbers)
            Number(number);
        _output.Write("t"u8);
    }

    private void Number(long number)
    {
        Span<byte> field = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(field, number);
        if (number is >= 0 and < 256)
        {
            _output.Write([(byte)'K', field[0]]);
        }
        else if (number is >= 0 and <= int.MaxValue)
        {
            _output.Write("J"u8);
            _output.Write(field[..4]);
        }
        else
        {
            _output.Write([0x8a, 8]);
            _output.Write(field);
        }
    }
}
