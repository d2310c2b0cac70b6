using System.Buffers.Binary;

namespace NotebookKit.Images;

/// <summary>
/// The orientation tag of EXIF (CIPA DC-008, tag 0x0112): a phone stores the sensor's rows and notes how to turn them.
/// A broken EXIF block never spoils a picture; it is taken as "upright".
/// </summary>
internal static class ExifOrientation
{
    /// <summary>1 (upright) to 8, from a TIFF block, with or without the "Exif\0\0" in front.</summary>
    public static int Read(ReadOnlySpan<byte> tiff)
    {
        if (tiff.StartsWith("Exif\0\0"u8))
            tiff = tiff[6..];
        if (tiff.Length < 8)
            return 1;
        var little = tiff.StartsWith("II"u8);
        if (!little && !tiff.StartsWith("MM"u8))
            return 1;

        var directory = U32(tiff, 4);
        if (directory > tiff.Length - 2)
            return 1;
        var entries = U16(tiff, (int)directory);
        for (var i = 0; i < entries; i++)
        {
            var at = (int)directory + 2 + 12 * i;
            if (at > tiff.Length - 12)
                return 1;
            if (U16(tiff, at) == 0x0112)
                return U16(tiff, at + 8) is var value and >= 1 and <= 8 ? value : 1;
        }

        return 1;

        int U16(ReadOnlySpan<byte> block, int at) =>
            little ? BinaryPrimitives.ReadUInt16LittleEndian(block[at..]) : BinaryPrimitives.ReadUInt16BigEndian(block[at..]);

        uint U32(ReadOnlySpan<byte> block, int at) =>
            little ? BinaryPrimitives.ReadUInt32LittleEndian(block[at..]) : BinaryPrimitives.ReadUInt32BigEndian(block[at..]);
    }

    /// <summary>The EXIF block of a JPEG: the first APP1 segment that says so; empty where there is none.</summary>
    public static ReadOnlySpan<byte> InJpeg(ReadOnlySpan<byte> bytes)
    {
        var at = 2;
        while (at + 4 <= bytes.Length && bytes[at] == 0xFF && bytes[at + 1] != 0xDA) // the scan ends the headers
        {
            if (bytes[at + 1] == 0xFF) // fill byte
            {
                at++;
                continue;
            }

            var length = BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 2)..]);
            if (length < 2 || at + 2 + length > bytes.Length)
                break;
            var body = bytes.Slice(at + 4, length - 2);
            if (bytes[at + 1] == 0xE1 && body.StartsWith("Exif\0\0"u8))
                return body;
            at += 2 + length;
        }

        return [];
    }

    /// <summary>The EXIF chunk of a WebP file; empty where there is none.</summary>
    public static ReadOnlySpan<byte> InWebp(ReadOnlySpan<byte> bytes)
    {
        long at = 12;
        while (at + 8 <= bytes.Length)
        {
            var chunk = bytes[(int)at..];
            long length = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
            if (chunk.StartsWith("EXIF"u8) && length <= chunk.Length - 8)
                return chunk.Slice(8, (int)length);
            at += 8 + length + (length & 1);
        }

        return [];
    }

    /// <summary>The picture turned upright.</summary>
    public static RgbImage Apply(RgbImage image, int orientation)
    {
        if (orientation == 1)
            return image;
        int w = image.Width, h = image.Height;
        var turned = orientation >= 5 ? new RgbImage(h, w) : new RgbImage(w, h);
        for (var y = 0; y < turned.Height; y++)
        {
            for (var x = 0; x < turned.Width; x++)
            {
                var (sx, sy) = orientation switch
                {
                    2 => (w - 1 - x, y),
                    3 => (w - 1 - x, h - 1 - y),
                    4 => (x, h - 1 - y),
                    5 => (y, x),
                    6 => (y, h - 1 - x),
                    7 => (w - 1 - y, h - 1 - x),
                    _ => (w - 1 - y, x), // 8
                };
                var from = 3 * (sy * w + sx);
                var to = 3 * (y * turned.Width + x);
                turned.Pixels[to] = image.Pixels[from];
                turned.Pixels[to + 1] = image.Pixels[from + 1];
                turned.Pixels[to + 2] = image.Pixels[from + 2];
            }
        }

        return turned;
    }
}
