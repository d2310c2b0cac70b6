using System.Buffers.Binary;
using System.IO.Compression;

namespace NotebookKit.Images;

/// <summary>
/// A PNG as ImageSharp can be given it, which leaves missing rows black, reads past the end of a short palette, and turns
/// in circles over a narrow interlaced picture or one whose data lies apart.
/// </summary>
internal static class PngFile
{
    private const int Palette = 3, NarrowestInterlaced = 5;
    private const int Unpacked = 1032; // the most bytes that deflate makes of one

    // Adam7: where each of the seven passes starts and how far apart its pixels are.
    private static readonly (int X, int Y, int StepX, int StepY)[] Passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    /// <summary>The file written anew with only what its picture needs, once that is known to be whole.</summary>
    public static byte[] Checked(ReadOnlySpan<byte> bytes, string name, out PictureClaim claim)
    {
        var chunks = PngChunks.Of(bytes, name);
        if (chunks[0].Type != "IHDR" || bytes[chunks[0].Body] is not { Length: 13 } header)
            throw ImageDecoder.Damaged(name, "it does not begin with its header");
        long width = BinaryPrimitives.ReadUInt32BigEndian(header), height = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        var (depth, kind, interlaced) = (header[8], header[9], header[12] != 0);
        var bits = depth * kind switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        using var packed = new MemoryStream();
        foreach (var (type, body) in chunks)
        {
            if (type == "IDAT")
                packed.Write(bytes[body]);
        }

        claim = new PictureClaim(width, height, 8 * Unpacked * packed.Length / Math.Max(bits, 1), PictureClaim.Block(Body(bytes, "eXIf")));
        claim.Check(name);
        if (interlaced && width < NarrowestInterlaced)
            throw new BadInputException($"{name} is an interlaced PNG of {width} pixels across, which is not read; save it without "
                + "interlacing.");
        CheckRows(packed, interlaced
            ? Passes.Sum(pass => Rows((width - pass.X + pass.StepX - 1) / pass.StepX, (height - pass.Y + pass.StepY - 1) / pass.StepY))
            : Rows(width, height), name);

        using var file = new MemoryStream();
        file.Write(PngChunks.Signature);
        PngChunks.Write(file, "IHDR", header);
        if (kind == Palette)
        {
            var palette = Body(bytes, "PLTE");
            if (depth > 8 || palette.Length is 0 or > 3 << 8 || palette.Length % 3 != 0)
                throw ImageDecoder.Damaged(name, "its palette is missing or wrong");
            var whole = new byte[3 << 8]; // what was missing is black, as everywhere
            palette.CopyTo(whole);
            PngChunks.Write(file, "PLTE", whole.AsSpan(0, Math.Max(palette.Length, 3 << depth)));
        }

        if (Body(bytes, "tRNS") is { IsEmpty: false } transparency)
            PngChunks.Write(file, "tRNS", transparency);
        PngChunks.Write(file, "IDAT", packed.GetBuffer().AsSpan(0, (int)packed.Length));
        PngChunks.Write(file, "IEND", []);
        return file.ToArray();

        long Rows(long across, long down) => across == 0 ? 0 : down * (1 + (across * bits + 7) / 8);

        ReadOnlySpan<byte> Body(ReadOnlySpan<byte> bytes, string type) => bytes[chunks.Find(chunk => chunk.Type == type).Body];
    }

    private static void CheckRows(MemoryStream packed, long missing, string name)
    {
        packed.Position = 0;
        var buffer = new byte[64 << 10];
        try
        {
            // One read beyond the last row meets the stream's own checksum; a bomb is not followed further.
            using var rows = new ZLibStream(packed, CompressionMode.Decompress, leaveOpen: true);
            for (int count; missing >= 0 && (count = rows.Read(buffer)) > 0;)
                missing -= count;
        }
        catch (InvalidDataException e)
        {
            throw ImageDecoder.Damaged(name, "its picture data is wrong", e);
        }

        if (missing > 0)
            throw ImageDecoder.Damaged(name, "its picture data ends too early");
    }
}
