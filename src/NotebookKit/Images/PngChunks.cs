using System.Buffers.Binary;
using System.Text;
using NotebookKit.Checkpoints.Zip;

namespace NotebookKit.Images;

/// <summary>The chunks of a PNG file (W3C, ISO/IEC 15948), followed to its end, each checksum tested.</summary>
internal static class PngChunks
{
    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Type and place of every chunk, the end chunk included.</summary>
    public static List<(string Type, Range Body)> Of(ReadOnlySpan<byte> bytes, string name)
    {
        var chunks = new List<(string Type, Range Body)>();
        for (var at = Signature.Length; ;)
        {
            var length = bytes.Length - at < 12 ? long.MaxValue : BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);
            if (length > bytes.Length - at - 12)
                throw ImageDecoder.Damaged(name, "the file is cut off");
            var (start, end) = (at + 8, at + 8 + (int)length);
            var type = Encoding.Latin1.GetString(bytes[(at + 4)..start]);
            if (Crc32.Continue(0, bytes[(at + 4)..end]) != BinaryPrimitives.ReadUInt32BigEndian(bytes[end..]))
                throw ImageDecoder.Damaged(name, $"the checksum of its {type} part is wrong");
            chunks.Add((type, start..end));
            if (type == "IEND")
                return chunks;
            at = end + 4;
        }
    }

    /// <summary>Writes one chunk.</summary>
    public static void Write(Stream file, string type, ReadOnlySpan<byte> body)
    {
        Span<byte> number = stackalloc byte[4], name = stackalloc byte[4];
        Encoding.Latin1.GetBytes(type, name);
        BinaryPrimitives.WriteInt32BigEndian(number, body.Length);
        file.Write(number);
        file.Write(name);
        file.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.Continue(Crc32.Continue(0, name), body));
        file.Write(number);
    }
}
