using System.Buffers.Binary;

namespace NotebookKit.Images;

/// <summary>A BMP's two headers. Its rows lie uncompressed in the file, so that their size says how long it must be.</summary>
internal static class BmpHeader
{
    /// <summary>The least bytes of a file that has both.</summary>
    public const int Length = 30;

    private const int Old = 12;
    private const int Masks = 3; // the colours' bits are given as masks; the rows are uncompressed all the same

    public static PictureClaim Claim(ReadOnlySpan<byte> bytes, string name)
    {
        var header = BinaryPrimitives.ReadUInt32LittleEndian(bytes[14..]);
        var old = header == Old;
        if ((!old && header < 40) || (!old && bytes.Length < 54))
            throw ImageDecoder.Damaged(name, "its header is wrong");
        var width = old ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[18..]) : (long)BinaryPrimitives.ReadInt32LittleEndian(bytes[18..]);
        var height = old ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[20..])
            : Math.Abs((long)BinaryPrimitives.ReadInt32LittleEndian(bytes[22..])); // below 0 the rows begin at the top
        var bits = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(old ? 24 : 28)..]);
        var compression = old ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bytes[30..]);
        if (bits is not (1 or 2 or 4 or 8 or 16 or 24 or 32))
            throw ImageDecoder.Damaged(name, $"it claims {bits} bits for a pixel");
        if (compression is not (0 or Masks))
            throw new BadInputException($"{name} is a compressed BMP; save it as PNG.");
        new PictureClaim(width, height, long.MaxValue, []).Check(name);
        var start = BinaryPrimitives.ReadUInt32LittleEndian(bytes[10..]);
        var row = ((width * bits) + 31) / 32 * 4;
        if (start < 14 + header || start + (row * height) > bytes.Length)
            throw ImageDecoder.Damaged(name, "the file is cut off");
        return new PictureClaim(width, height, long.MaxValue, []);
    }
}
