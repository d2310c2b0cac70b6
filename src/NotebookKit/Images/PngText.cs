using System.IO.Compression;
using System.Text;

namespace NotebookKit.Images;

/// <summary>
/// The texts inside a PNG file (W3C PNG, section 11.3.3): <c>tEXt</c>, <c>zTXt</c> and <c>iTXt</c> parts, each a keyword and
/// what it says. Stable Diffusion's tools keep a picture's settings there, under the keyword <c>parameters</c>.
/// </summary>
public static class PngText
{
    /// <summary>The longest text that is unpacked, in bytes: a small hostile file can unpack to any length.</summary>
    public const int MaxBytes = 4 << 20;

    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Reads every text of a PNG file; of a keyword that stands twice, the last.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Keyword and text; empty when the file has none.</returns>
    /// <exception cref="BadInputException">The file is missing, no PNG, cut off or damaged.</exception>
    public static IReadOnlyDictionary<string, string> Read(string path) => Read(RgbImage.BytesOf(path), path);

    /// <summary>Reads every text of a PNG file in memory, as <see cref="Read(string)"/> does.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What error sentences call it.</param>
    /// <returns>Keyword and text; empty when the file has none.</returns>
    /// <exception cref="BadInputException">It is no PNG, cut off or damaged.</exception>
    public static IReadOnlyDictionary<string, string> Read(ReadOnlySpan<byte> bytes, string name)
    {
        if (!bytes.StartsWith(PngChunks.Signature))
            throw new BadInputException($"The picture {name} is not a PNG file; only those hold texts.");
        var texts = new Dictionary<string, string>();
        foreach (var (type, body) in PngChunks.Of(bytes, name))
        {
            if (type is not ("tEXt" or "zTXt" or "iTXt"))
                continue;
            var (keyword, text) = Entry(type, bytes[body], name);
            texts[keyword] = text;
        }

        return texts;
    }

    private static (string Keyword, string Text) Entry(string type, ReadOnlySpan<byte> body, string name)
    {
        var rest = body;
        var keyword = Encoding.Latin1.GetString(Cut(ref rest));
        if (type == "tEXt")
            return (keyword, Encoding.Latin1.GetString(rest));
        if (rest.Length < (type == "zTXt" ? 1 : 2))
            throw Wrong();
        if (type == "zTXt")
            return (keyword, Encoding.Latin1.GetString(Unpack(rest[1..])));

        var packed = rest[0] == 1;
        rest = rest[2..];
        Cut(ref rest); // the language
        Cut(ref rest); // the translated keyword
        try
        {
            return (keyword, Utf8.GetString(packed ? Unpack(rest) : rest));
        }
        catch (DecoderFallbackException)
        {
            throw Wrong();
        }

        ReadOnlySpan<byte> Cut(ref ReadOnlySpan<byte> from)
        {
            var end = from.IndexOf((byte)0);
            if (end < 0)
                throw Wrong();
            var part = from[..end];
            from = from[(end + 1)..];
            return part;
        }

        byte[] Unpack(ReadOnlySpan<byte> data)
        {
            using var unpacked = new MemoryStream();
            var buffer = new byte[64 << 10];
            try
            {
                using var stream = new ZLibStream(new MemoryStream(data.ToArray()), CompressionMode.Decompress);
                for (int count; (count = stream.Read(buffer)) > 0;)
                {
                    unpacked.Write(buffer, 0, count);
                    if (unpacked.Length > MaxBytes)
                        throw ImageDecoder.Damaged(name, $"its {type} part unpacks to more than {MaxBytes} bytes");
                }
            }
            catch (InvalidDataException)
            {
                throw Wrong();
            }

            return unpacked.ToArray();
        }

        BadInputException Wrong() => ImageDecoder.Damaged(name, $"its {type} part is wrong");
    }
}
