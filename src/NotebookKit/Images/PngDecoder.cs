using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace NotebookKit.Images;

/// <summary>
/// PNG (W3C, ISO/IEC 15948): every colour type, 1 to 16 bits, interlaced or not, palette and transparency. Every
/// chunk's checksum is tested, rows are unpacked one at a time, and the size is checked before memory is taken.
/// </summary>
internal sealed class PngDecoder
{
    private const int Gray = 0, Rgb = 2, Palette = 3, GrayAlpha = 4, Rgba = 6;

    // Adam7: where each of the seven passes starts and how far apart its pixels are.
    private static readonly (int X, int Y, int StepX, int StepY)[] passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    private readonly string name;
    private readonly AlphaRule alpha;
    private int width, height, depth, colorType;
    private bool interlaced;
    private byte[] palette = [];
    private byte[] transparency = [];
    private byte[] exif = [];

    private PngDecoder(string name, AlphaRule alpha) => (this.name, this.alpha) = (name, alpha);

    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    public static RgbImage Decode(ReadOnlySpan<byte> bytes, string name, AlphaRule alpha, out byte[] exif)
    {
        var decoder = new PngDecoder(name, alpha);
        using var data = decoder.ReadChunks(bytes);
        exif = decoder.exif;
        return decoder.Unpack(data);
    }

    /// <summary>One colour channel as it looks on white paper; opacity 0 to 255.</summary>
    public static byte OnWhite(int value, int opacity) => (byte)((value * opacity + 255 * (255 - opacity) + 127) / 255);

    /// <summary>Reads the headers and gathers the compressed data.</summary>
    private MemoryStream ReadChunks(ReadOnlySpan<byte> bytes)
    {
        var data = new MemoryStream();
        for (var at = Signature.Length; ;)
        {
            if (bytes.Length - at < 12)
                throw Damaged("the file is cut off");
            long length = BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);
            if (length > bytes.Length - at - 12)
                throw Damaged("the file is cut off");
            var typed = bytes.Slice(at + 4, (int)length + 4);
            var type = Encoding.Latin1.GetString(typed[..4]);
            if (PngChecksum.Of(typed) != BinaryPrimitives.ReadUInt32BigEndian(bytes[(at + 8 + (int)length)..]))
                throw Damaged($"the checksum of its {type} part is wrong");
            var body = typed[4..];
            if (width == 0 && type != "IHDR")
                throw Damaged("it does not begin with its header");

            switch (type)
            {
                case "IHDR":
                    ReadHeader(body);
                    break;
                case "PLTE":
                    palette = body.ToArray();
                    break;
                case "tRNS":
                    transparency = body.ToArray();
                    break;
                case "eXIf":
                    exif = body.ToArray();
                    break;
                case "IDAT":
                    data.Write(body);
                    break;
                case "IEND":
                    data.Position = 0;
                    return data;
                default:
                    if (char.IsAsciiLetterUpper(type[0]))
                        throw Damaged($"it needs a part {type} that is not in the PNG standard");
                    break;
            }

            at += (int)length + 12;
        }
    }

    private void ReadHeader(ReadOnlySpan<byte> body)
    {
        if (body.Length != 13 || width != 0)
            throw Damaged("its header is wrong");
        long w = BinaryPrimitives.ReadUInt32BigEndian(body), h = BinaryPrimitives.ReadUInt32BigEndian(body[4..]);
        ImageDecoder.CheckSize(w, h, name);
        (width, height, depth, colorType) = ((int)w, (int)h, body[8], body[9]);
        var possible = colorType switch
        {
            Gray => depth is 1 or 2 or 4 or 8 or 16,
            Palette => depth is 1 or 2 or 4 or 8,
            Rgb or GrayAlpha or Rgba => depth is 8 or 16,
            _ => false,
        };
        if (!possible || body[10] != 0 || body[11] != 0 || body[12] > 1)
            throw Damaged("its header names a kind of picture that PNG does not have");
        interlaced = body[12] == 1;
    }

    private RgbImage Unpack(Stream data)
    {
        if (colorType == Palette && palette.Length is 0 or > 768 || palette.Length % 3 != 0)
            throw Damaged("its palette is missing or wrong");
        if (transparency.Length < colorType switch { Gray => 2, Rgb => 6, _ => 0 })
            transparency = []; // too short to name a colour
        var image = new RgbImage(width, height);
        try
        {
            using var rows = new ZLibStream(data, CompressionMode.Decompress);
            if (interlaced)
            {
                foreach (var (x, y, stepX, stepY) in passes)
                    UnpackPass(rows, image, x, y, stepX, stepY);
            }
            else
            {
                UnpackPass(rows, image, 0, 0, 1, 1);
            }

            _ = rows.ReadByte(); // reaches the stream's own checksum
        }
        catch (EndOfStreamException e)
        {
            throw Damaged("its picture data ends too early", e);
        }
        catch (InvalidDataException e)
        {
            throw Damaged("its picture data is wrong", e);
        }

        return image;
    }

    private void UnpackPass(Stream rows, RgbImage image, int startX, int startY, int stepX, int stepY)
    {
        if (startX >= width || startY >= height)
            return;
        var count = (width - startX + stepX - 1) / stepX;
        var bits = depth * colorType switch { Rgb => 3, GrayAlpha => 2, Rgba => 4, _ => 1 };
        var length = (int)(((long)count * bits + 7) / 8);
        var back = Math.Max(1, bits / 8); // how many bytes the same channel of the pixel to the left is away
        var row = new byte[length + 1];
        var above = new byte[length + 1];
        for (var y = startY; y < height; y += stepY)
        {
            rows.ReadExactly(row);
            Unfilter(row, above, back);
            Paint(row.AsSpan(1), image, y, startX, stepX, count);
            (row, above) = (above, row);
        }
    }

    private void Unfilter(byte[] row, byte[] above, int back)
    {
        switch (row[0])
        {
            case 0:
                break;
            case 1:
                for (var i = 1 + back; i < row.Length; i++)
                    row[i] += row[i - back];
                break;
            case 2:
                for (var i = 1; i < row.Length; i++)
                    row[i] += above[i];
                break;
            case 3:
                for (var i = 1; i < row.Length; i++)
                    row[i] += (byte)(((i > back ? row[i - back] : 0) + above[i]) / 2);
                break;
            case 4:
                for (var i = 1; i < row.Length; i++)
                    row[i] += i > back ? Paeth(row[i - back], above[i], above[i - back]) : above[i];
                break;
            default:
                throw Damaged("its picture data is wrong");
        }
    }

    /// <summary>Whichever of left, above, above-left is nearest to left + above − above-left.</summary>
    public static byte Paeth(int left, int up, int upLeft)
    {
        int toLeft = Math.Abs(up - upLeft), toUp = Math.Abs(left - upLeft), toUpLeft = Math.Abs(left + up - 2 * upLeft);
        return (byte)(toLeft <= toUp && toLeft <= toUpLeft ? left : toUp <= toUpLeft ? up : upLeft);
    }

    private void Paint(ReadOnlySpan<byte> row, RgbImage image, int y, int x, int stepX, int count)
    {
        var bytes = depth == 16 ? 2 : 1; // of 16 bits the first byte is kept
        for (var i = 0; i < count; i++, x += stepX)
        {
            int r, g, b, opacity = 255;
            switch (colorType)
            {
                case Gray when depth < 8:
                    r = g = b = Packed(row, i) * 255 / ((1 << depth) - 1);
                    if (transparency.Length > 0 && Packed(row, i) == BinaryPrimitives.ReadUInt16BigEndian(transparency))
                        opacity = 0;
                    break;
                case Gray:
                    r = g = b = row[i * bytes];
                    if (transparency.Length > 0 && IsKey(row[(i * bytes)..], 1))
                        opacity = 0;
                    break;
                case Rgb:
                    (r, g, b) = (row[3 * i * bytes], row[(3 * i + 1) * bytes], row[(3 * i + 2) * bytes]);
                    if (transparency.Length > 0 && IsKey(row[(3 * i * bytes)..], 3))
                        opacity = 0;
                    break;
                case Palette:
                    var index = Packed(row, i);
                    if (3 * index >= palette.Length)
                        throw Damaged($"a pixel names colour {index} of a palette of {palette.Length / 3}");
                    (r, g, b) = (palette[3 * index], palette[3 * index + 1], palette[3 * index + 2]);
                    if (index < transparency.Length)
                        opacity = transparency[index];
                    break;
                case GrayAlpha:
                    r = g = b = row[2 * i * bytes];
                    opacity = row[(2 * i + 1) * bytes];
                    break;
                default:
                    (r, g, b) = (row[4 * i * bytes], row[(4 * i + 1) * bytes], row[(4 * i + 2) * bytes]);
                    opacity = row[(4 * i + 3) * bytes];
                    break;
            }

            if (alpha == AlphaRule.Drop)
                opacity = 255;
            var at = 3 * (y * width + x);
            image.Pixels[at] = OnWhite(r, opacity);
            image.Pixels[at + 1] = OnWhite(g, opacity);
            image.Pixels[at + 2] = OnWhite(b, opacity);
        }
    }

    /// <summary>Sample <paramref name="i"/> of a row of 1, 2, 4 or 8 bits a sample.</summary>
    private int Packed(ReadOnlySpan<byte> row, int i)
    {
        var bit = i * depth;
        return (row[bit >> 3] >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
    }

    /// <summary>Whether a pixel of 8 or 16 bits is the one colour that stands for "transparent".</summary>
    private bool IsKey(ReadOnlySpan<byte> pixel, int channels)
    {
        for (var c = 0; c < channels; c++)
        {
            int value = depth == 16 ? BinaryPrimitives.ReadUInt16BigEndian(pixel[(2 * c)..]) : pixel[c];
            if (value != BinaryPrimitives.ReadUInt16BigEndian(transparency.AsSpan(2 * c)))
                return false;
        }

        return true;
    }

    private BadInputException Damaged(string why, Exception? inner = null) => ImageDecoder.Damaged(name, why, inner);
}
