using System.Buffers.Binary;

namespace NotebookKit.Checkpoints.Zip;

/// <summary>The CRC-32 of zip archives (ISO 3309), eight bytes at a step: a checkpoint has gigabytes of them.</summary>
internal static class Crc32
{
    private static readonly uint[][] Rows = Tables();

    /// <summary>The checksum of what came before, continued by these bytes.</summary>
    public static uint Continue(uint checksum, ReadOnlySpan<byte> bytes)
    {
        var crc = ~checksum;
        while (bytes.Length >= 8)
        {
            var low = crc ^ BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            var high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = Rows[7][(byte)low] ^ Rows[6][(byte)(low >> 8)] ^ Rows[5][(byte)(low >> 16)] ^ Rows[4][low >> 24]
                ^ Rows[3][(byte)high] ^ Rows[2][(byte)(high >> 8)] ^ Rows[1][(byte)(high >> 16)] ^ Rows[0][high >> 24];
            bytes = bytes[8..];
        }

        foreach (var b in bytes)
            crc = Rows[0][(byte)(crc ^ b)] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[][] Tables()
    {
        var all = new uint[8][];
        for (var t = 0; t < all.Length; t++)
        {
            all[t] = new uint[256];
            for (var i = 0u; i < 256; i++)
            {
                var crc = t == 0 ? i : all[t - 1][i];
                for (var bit = 0; bit < 8 && t == 0; bit++)
                    crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
                all[t][i] = t == 0 ? crc : all[0][(byte)crc] ^ (crc >> 8);
            }
        }

        return all;
    }
}
