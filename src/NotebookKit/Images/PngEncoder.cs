using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace NotebookKit.Images;

/// <summary>Writes 8-bit RGB PNG. Each row takes the filter whose differences are smallest, the standard's own advice.</summary>
internal static class PngEncoder
{
    public static byte[] Encode(RgbImage image, IReadOnlyDictionary<string, string>? texts)
    {
        using var file = new MemoryStream();
        file.Write(PngDecoder.Signature);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, image.Width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], image.Height);
        (header[8], header[9], header[10], header[11], header[12]) = (8, 2, 0, 0, 0); // 8 bits, RGB, not interlaced
        WriteChunk(file, "IHDR"u8, header);
        foreach (var (keyword, text) in texts ?? new Dictionary<string, string>())
        {
            var (type, body) = PngText.Part(keyword, text);
            WriteChunk(file, Encoding.Latin1.GetBytes(type), body);
        }

        using var data = new MemoryStream();
        using (var packer = new ZLibStream(data, CompressionLevel.Optimal, leaveOpen: true))
            WriteRows(packer, image);
        WriteChunk(file, "IDAT"u8, data.GetBuffer().AsSpan(0, (int)data.Length));
        WriteChunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static void WriteRows(Stream packer, RgbImage image)
    {
        var length = 3 * image.Width;
        var nothing = new byte[length];
        var filtered = Enumerable.Range(0, 5).Select(filter => new byte[length + 1]).ToArray();
        for (var filter = 0; filter < 5; filter++)
            filtered[filter][0] = (byte)filter;
        for (var y = 0; y < image.Height; y++)
        {
            var row = image.Pixels.AsSpan(y * length, length);
            var above = y > 0 ? image.Pixels.AsSpan((y - 1) * length, length) : nothing;
            packer.Write(filtered[Smallest(row, above, filtered)]);
        }
    }

    /// <summary>Fills in the row under each of the five filters; which one's differences sum up to the least.</summary>
    private static int Smallest(ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, byte[][] filtered)
    {
        byte[] plain = filtered[0], sub = filtered[1], up = filtered[2], average = filtered[3], paeth = filtered[4];
        Span<long> sums = stackalloc long[5];
        for (var i = 0; i < row.Length; i++)
        {
            int value = row[i], a = 0, b = above[i], c = 0; // left, above, above-left
            if (i >= 3)
                (a, c) = (row[i - 3], above[i - 3]);
            sums[0] += Size(plain[i + 1] = (byte)value);
            sums[1] += Size(sub[i + 1] = (byte)(value - a));
            sums[2] += Size(up[i + 1] = (byte)(value - b));
            sums[3] += Size(average[i + 1] = (byte)(value - (a + b) / 2));
            sums[4] += Size(paeth[i + 1] = (byte)(value - PngDecoder.Paeth(a, b, c)));
        }

        var best = 0;
        for (var filter = 1; filter < 5; filter++)
        {
            if (sums[filter] < sums[best])
                best = filter;
        }

        return best;

        static int Size(byte difference) => Math.Abs((int)(sbyte)difference);
    }

    private static void WriteChunk(Stream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> body)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, body.Length);
        file.Write(number);
        file.Write(type);
        file.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, PngChecksum.Of(body, PngChecksum.Of(type)));
        file.Write(number);
    }
}
