using System.Buffers.Binary;

namespace NotebookKit.Images;

/// <summary>
/// A JPEG's segments (ITU T.81, annex B), followed to the end-of-image marker: ImageSharp takes a file that is cut off, and
/// paints the rest grey.
/// </summary>
internal static class JpegSegments
{
    private const int PixelsPerByte = 512; // a block of 64 pixels takes one bit at least
    private const int MostScans = 100; // progressive files have about ten, and each goes over the whole picture

    public static PictureClaim Claim(ReadOnlySpan<byte> bytes, string name)
    {
        int width = 0, height = 0, frames = 0, scans = 0;
        byte[] exif = [];
        for (var at = 2; ;)
        {
            // Between segments stands the coded picture; a marker is 0xFF and neither 0 nor a restart.
            var skip = at < bytes.Length ? bytes[at..].IndexOf((byte)0xFF) : -1;
            if (skip < 0 || at + skip + 2 > bytes.Length)
                throw ImageDecoder.Damaged(name, "the file is cut off");
            at += skip;
            var marker = bytes[at + 1];
            if (marker == 0xFF)
            {
                at++;
                continue;
            }

            at += 2;
            if (marker == 0xD9)
                break;
            if (marker is <= 1 or >= 0xD0 and <= 0xD8)
                continue;
            var length = at + 2 > bytes.Length ? int.MaxValue : BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);
            if (length > bytes.Length - at)
                throw ImageDecoder.Damaged(name, "the file is cut off");
            if (length < 2)
                throw ImageDecoder.Damaged(name, "one of its segments has no length");
            var body = bytes[(at + 2)..(at + length)];
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC) && body.Length >= 5)
            {
                frames++;
                (height, width) = (BinaryPrimitives.ReadUInt16BigEndian(body[1..]), BinaryPrimitives.ReadUInt16BigEndian(body[3..]));
            }

            if (marker == 0xDA)
                scans++;
            if (marker == 0xE1 && exif.Length == 0 && body.StartsWith("Exif\0\0"u8))
                exif = PictureClaim.Block(body);
            at += length;
        }

        if (frames != 1 || scans is 0 or > MostScans)
            throw ImageDecoder.Damaged(name, $"it has {frames} frames and {scans} scans");
        return new PictureClaim(width, height, (long)PixelsPerByte * bytes.Length, exif);
    }
}
