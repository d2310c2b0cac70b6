using System.Buffers.Binary;
using System.IO.Compression;

namespace NotebookKit.Images;

/// <summary>Writes 8-bit RGB PNG. Each row takes the filter whose differences are smallest, the standard's own advice.</summary>
internal static class PngEncoder
{
    public static byte[] Encode(RgbImage image)
    {
        using var file = new MemoryStream();
        file.Write(PngDecoder.Signature);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, image.Width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], image.Height);
        (header[8], header[9], header[10], header[11], header[12]) = (8, 2, 0, 0, 0); // 8 bits, RGB, not interlaced
        WriteChunk(file, "IHDR"u8, header);
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
        var candidate = new byte[length + 1];
        var best = new byte[length + 1];
        for (var y = 0; y < image.Height; y++)
        {
            var row = image.Pixels.AsSpan(y * length, length);
            var above = y > 0 ? image.Pixels.AsSpan((y - 1) * length, length) : nothing;
            var smallest = long.MaxValue;
            for (byte filter = 0; filter <= 4; filter++)
            {
                var sum = Filter(filter, row, above, candidate);
                if (sum < smallest)
                {
                    smallest = sum;
                    (best, candidate) = (candidate, best);
                }
            }

            packer.Write(best);
        }
    }

    private static long Filter(byte filter, ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, byte[] filtered)
    {
        filtered[0] = filter;
        long sum = 0;
        for (var i = 0; i < row.Length; i++)
        {
            int left = i >= 3 ? row[i - 3] : 0, up = above[i], upLeft = i >= 3 ? above[i - 3] : 0;
            var difference = (byte)(row[i] - filter switch
            {
                0 => 0,
                1 => left,
                2 => up,
                3 => (left + up) / 2,
                _ => PngDecoder.Paeth(left, up, upLeft),
            });
            filtered[i + 1] = difference;
            sum += Math.Abs((int)(sbyte)difference);
        }

        return sum;
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
