using System.Buffers.Binary;

namespace NotebookKit.Tests.Images;

/// <summary>
/// A baseline JPEG as a phone takes it: many pixels, and an EXIF orientation that says how it was held. Every block of
/// 8×8 has one colour, so that twelve megapixels are written in a moment.
/// </summary>
internal static class PhonePhoto
{
    // Lengths of the DC codes of categories 0 to 11, from the standard's table K.3; the one AC code ends the block.
    private static readonly (int Code, int Length)[] Dc =
        [(0, 2), (2, 3), (3, 3), (4, 3), (5, 3), (6, 3), (14, 4), (30, 5), (62, 6), (126, 7), (254, 8), (510, 9)];

    public static void Write(string path, int width, int height, int orientation)
    {
        using var file = File.Create(path);
        file.Write([0xFF, 0xD8]);
        Segment(file, 0xE1, [.. "Exif\0\0II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, (byte)orientation, 0, 0, 0, 0, 0, 0, 0]);
        Segment(file, 0xDB, [0, .. Enumerable.Repeat((byte)1, 64)]);
        Segment(file, 0xC0, [8, (byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]);
        Segment(file, 0xC4, [0x00, 0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, .. Enumerable.Range(0, 12).Select(i => (byte)i)]);
        Segment(file, 0xC4, [0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        Segment(file, 0xDA, [3, 1, 0, 2, 0, 3, 0, 0, 63, 0]);
        Blocks(file, (width + 7) / 8, (height + 7) / 8);
        file.Write([0xFF, 0xD9]);
    }

    private static void Blocks(Stream file, int across, int down)
    {
        var (bits, count) = (0L, 0);
        var before = new int[3];
        for (var y = 0; y < down; y++)
        {
            for (var x = 0; x < across; x++)
            {
                int[] colour = [(x * 5) + (y * 3), 64 + (128 * x / across), 64 + (128 * y / down)]; // Y, Cb, Cr
                for (var c = 0; c < 3; c++)
                {
                    var dc = 8 * ((colour[c] & 255) - 128);
                    var difference = dc - before[c];
                    before[c] = dc;
                    var category = 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)Math.Abs(difference));
                    Put(Dc[category].Code, Dc[category].Length);
                    Put(difference < 0 ? difference + (1 << category) - 1 : difference, category);
                    Put(0, 1);
                }
            }
        }

        Put(0x7F, 7); // fill the last byte up with ones

        void Put(int value, int length)
        {
            bits = (bits << length) | (uint)(value & ((1 << length) - 1));
            count += length;
            while (count >= 8)
            {
                var next = (byte)(bits >> (count - 8));
                file.WriteByte(next);
                if (next == 0xFF)
                    file.WriteByte(0);
                count -= 8;
            }
        }
    }

    private static void Segment(Stream file, byte marker, byte[] content)
    {
        file.Write([0xFF, marker]);
        Span<byte> length = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)(content.Length + 2));
        file.Write(length);
        file.Write(content);
    }
}
