using System.Buffers.Binary;
using NotebookKit.Checkpoints.Zip;

namespace NotebookKit.Tests.Fuzzing;

/// <summary>PNG files by hand.</summary>
internal static class PngBytes
{
    /// <summary>Makes every part's checksum right again, as far as the parts can be followed.</summary>
    public static void MendChecksums(byte[] png)
    {
        for (var at = 8; at + 12 <= png.Length;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(at));
            if (length > png.Length - at - 12)
                return;
            var end = at + 8 + (int)length;
            BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(end), Crc32.Continue(0, png.AsSpan(at + 4, (int)length + 4)));
            at = end + 4;
        }
    }
}
