using System.Buffers.Binary;

namespace NotebookKit.Tests.Fuzzing;

/// <summary>WebP files by hand.</summary>
internal static class WebpBytes
{
    /// <summary>Makes the file's and its last chunk's length fit again, so that what is inside is reached.</summary>
    public static void MendLength(byte[] webp)
    {
        if (webp.Length < 20)
            return;
        BinaryPrimitives.WriteInt32LittleEndian(webp.AsSpan(4), webp.Length - 8);
        for (var at = 12; at + 8 <= webp.Length;)
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(webp.AsSpan(at + 4));
            if (length > webp.Length - at - 8)
            {
                BinaryPrimitives.WriteInt32LittleEndian(webp.AsSpan(at + 4), webp.Length - at - 8);
                return;
            }

            at += 8 + (int)(length + (length & 1));
        }
    }
}
