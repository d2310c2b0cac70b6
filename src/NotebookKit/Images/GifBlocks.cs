using System.Buffers.Binary;

namespace NotebookKit.Images;

/// <summary>A GIF's blocks (GIF89a), followed to the end of the file; only the first picture is decoded.</summary>
internal static class GifBlocks
{
    // A code of 12 bits stands for 4096 pixels at most.
    private const long PixelsPerByte = 2731, AlwaysAllowed = 8_000_000;

    private const int Header = 13, Descriptor = 10;

    public static PictureClaim Claim(ReadOnlySpan<byte> bytes, string name)
    {
        if (bytes.Length < Header)
            throw CutOff(name);
        var (width, height) = (Word(bytes, 6), Word(bytes, 8));
        var at = Header + Table(bytes[10]);
        var pictures = 0;
        while (true)
        {
            if (at >= bytes.Length)
                throw CutOff(name);
            switch (bytes[at])
            {
                case 0x21: // an extension
                    at = Blocks(bytes, at + 2, name);
                    break;
                case 0x2C: // a picture
                    if (at + Descriptor + 1 >= bytes.Length)
                        throw CutOff(name);
                    if (Word(bytes, at + 1) + Word(bytes, at + 5) > width || Word(bytes, at + 3) + Word(bytes, at + 7) > height)
                        throw ImageDecoder.Damaged(name, "one of its pictures sticks out of it");
                    pictures++;
                    at = Blocks(bytes, at + Descriptor + Table(bytes[at + 9]) + 1, name);
                    break;
                case 0x3B: // the end
                    return pictures == 0 ? throw ImageDecoder.Damaged(name, "it holds no picture")
                        : new PictureClaim(width, height, Math.Max(AlwaysAllowed, bytes.Length * PixelsPerByte), []);
                default:
                    throw ImageDecoder.Damaged(name, "one of its blocks is of no kind that exists");
            }
        }
    }

    private static int Blocks(ReadOnlySpan<byte> bytes, int at, string name)
    {
        while (at < bytes.Length && bytes[at] != 0)
            at += 1 + bytes[at];
        return at < bytes.Length ? at + 1 : throw CutOff(name);
    }

    // Colours of three bytes, 2 to 256 of them.
    private static int Table(byte packed) => (packed & 0x80) == 0 ? 0 : 3 << ((packed & 7) + 1);

    private static int Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static BadInputException CutOff(string name) => ImageDecoder.Damaged(name, "the file is cut off");
}
