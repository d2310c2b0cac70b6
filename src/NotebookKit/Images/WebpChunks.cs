using System.Buffers.Binary;

namespace NotebookKit.Images;

/// <summary>
/// A WebP's chunks (RFC 9649), followed to the end of the file. Its size can stand in three places: they must agree, since
/// ImageSharp takes memory after one and reads another.
/// </summary>
internal static class WebpChunks
{
    private const long AlwaysAllowed = 8_000_000, PixelsPerByte = 2000; // one colour alone needs no bytes at all

    public static PictureClaim Claim(ReadOnlySpan<byte> bytes, string name)
    {
        var end = 8L + BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        if (end > bytes.Length)
            throw ImageDecoder.Damaged(name, "the file is cut off");
        (long Width, long Height)? canvas = null, picture = null;
        byte[] exif = [];
        for (var at = 12L; at + 8 <= end;)
        {
            var type = bytes.Slice((int)at, 4);
            var length = (long)BinaryPrimitives.ReadUInt32LittleEndian(bytes[((int)at + 4)..]);
            if (length > end - at - 8)
                throw ImageDecoder.Damaged(name, "one of its chunks is cut off");
            var body = bytes.Slice((int)at + 8, (int)length);
            if (type.SequenceEqual("VP8X"u8) && length >= 10 && canvas is null)
            {
                if ((body[0] & 2) != 0)
                    throw new BadInputException($"{name} is an animated WebP; save one frame of it as PNG.");
                canvas = (1 + (BinaryPrimitives.ReadUInt32LittleEndian(body[3..]) >> 8), 1
                    + (BinaryPrimitives.ReadUInt32LittleEndian(body[6..]) >> 8));
            }
            else if (type.StartsWith("VP8"u8))
            {
                if (picture is not null || SizeIn(type, body) is not { } size)
                    throw ImageDecoder.Damaged(name, "its picture's header is wrong");
                picture = size;
            }
            else if (type.SequenceEqual("EXIF"u8))
            {
                exif = PictureClaim.Block(body);
            }

            at += 8 + length + (length & 1);
        }

        if (picture is not { } found)
            throw ImageDecoder.Damaged(name, "there is no picture in it");
        if (canvas is { } whole && whole != found)
            throw ImageDecoder.Damaged(name, "its parts disagree on its size");
        return new PictureClaim(found.Width, found.Height, Math.Max(AlwaysAllowed, PixelsPerByte * bytes.Length), exif);
    }

    private static (long, long)? SizeIn(ReadOnlySpan<byte> type, ReadOnlySpan<byte> body)
    {
        if (type[3] == 'L' && body.Length >= 5 && body[0] == 0x2F)
        {
            var bits = BinaryPrimitives.ReadUInt32LittleEndian(body[1..]);
            return ((bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1);
        }

        return type[3] == ' ' && body.Length >= 10 && body[3..6].SequenceEqual((ReadOnlySpan<byte>)[0x9D, 0x01, 0x2A])
            ? (BinaryPrimitives.ReadUInt16LittleEndian(body[6..]) & 0x3FFF, BinaryPrimitives.ReadUInt16LittleEndian(body[8..]) & 0x3FFF)
            : null;
    }
}
