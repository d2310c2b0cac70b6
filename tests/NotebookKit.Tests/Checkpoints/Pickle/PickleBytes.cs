using System.Text;
using NotebookKit.Checkpoints.Zip;

namespace NotebookKit.Tests.Checkpoints.Pickle;

/// <summary>Pickles by hand, and the checkpoints round them.</summary>
internal static class PickleBytes
{
    /// <summary>A global, as a pickle names it.</summary>
    public static byte[] Global(string module, string name) => Encoding.ASCII.GetBytes($"c{module}\n{name}\n");

    /// <summary>A text of less than 256 bytes.</summary>
    public static byte[] Word(string text) => [0x8c, (byte)text.Length, .. Encoding.UTF8.GetBytes(text)];

    /// <summary>A tensor of 32-bit floats: every number of it is chosen by the caller.</summary>
    public static byte[] Tensor(string key, int length, int offset, int[] shape, int[] stride) =>
    [
        .. Global("torch._utils", "_rebuild_tensor_v2"), .. "(("u8, .. Word("storage"), .. Global("torch", "FloatStorage"), .. Word(key),
        .. Word("cpu"),
        .. Number(length), .. "tQ"u8, .. Number(offset), .. Tuple(shape), .. Tuple(stride), 0x89, .. Global("collections", "OrderedDict"),
        .. ")RtR"u8,
    ];

    /// <summary>A dictionary with one entry.</summary>
    public static byte[] Dictionary(string key, byte[] value) => [.. "}"u8, .. Word(key), .. value, .. "s"u8];

    /// <summary>A whole pickle of protocol 2.</summary>
    public static byte[] Whole(byte[] value) => [0x80, 2, .. value, .. "."u8];

    /// <summary>A zip checkpoint with this pickle and one storage of four floats: 0, 1, 2, 3.</summary>
    public static byte[] Checkpoint(byte[] pickle)
    {
        using var output = new MemoryStream();
        var zip = new ZipWriter(output);
        zip.Add("x/data.pkl", pickle.Length, stream => stream.Write(pickle));
        zip.Add("x/data/0", 16, stream => stream.Write(new float[] { 0, 1, 2, 3 }.SelectMany(BitConverter.GetBytes).ToArray()));
        zip.Finish();
        return output.ToArray();
    }

    private static byte[] Number(int number) => [(byte)'J', .. BitConverter.GetBytes(number)];

    private static byte[] Tuple(int[] numbers) => [(byte)'(', .. numbers.SelectMany(Number), (byte)'t'];
}
