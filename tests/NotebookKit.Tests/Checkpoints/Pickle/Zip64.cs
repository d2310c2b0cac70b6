using System.Buffers.Binary;

namespace NotebookKit.Tests.Checkpoints.Pickle;

/// <summary>Rewrites a small archive's table of contents with the fields that only archives over 4 GB need.</summary>
internal static class Zip64
{
    public static byte[] Widen(byte[] zip)
    {
        var end = zip.AsSpan(zip.Length - 22);
        var (count, start) = (BinaryPrimitives.ReadUInt16LittleEndian(end[10..]), (int)BinaryPrimitives.ReadUInt32LittleEndian(end[16..]));
        var output = new MemoryStream();
        output.Write(zip.AsSpan(0, start));
        var at = start;
        for (var i = 0; i < count; i++)
        {
            var entry = zip.AsSpan(at, 46).ToArray();
            var name = zip.AsSpan(at + 46, BinaryPrimitives.ReadUInt16LittleEndian(entry.AsSpan(28)));
            byte[] extra =
            [
                1, 0, 24, 0, .. Wide(BinaryPrimitives.ReadUInt32LittleEndian(entry.AsSpan(24))),
                .. Wide(BinaryPrimitives.ReadUInt32LittleEndian(entry.AsSpan(20))),
                .. Wide(BinaryPrimitives.ReadUInt32LittleEndian(entry.AsSpan(42))),
            ];
            at += 46 + name.Length + BinaryPrimitives.ReadUInt16LittleEndian(entry.AsSpan(30));
            entry.AsSpan(20, 8).Fill(0xFF);
            entry.AsSpan(42, 4).Fill(0xFF);
            BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(30), (ushort)extra.Length);
            output.Write(entry);
            output.Write(name);
            output.Write(extra);
        }

        var size = output.Position - start;
        var end64 = output.Position;
        output.Write([0x50, 0x4b, 6, 6, .. Wide(44), 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0, .. Wide(count), .. Wide(count), .. Wide(size),
            .. Wide(start)]);
        output.Write([0x50, 0x4b, 6, 7, 0, 0, 0, 0, .. Wide(end64), 1, 0, 0, 0]);
        output.Write([0x50, 0x4b, 5, 6, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0]);
        return output.ToArray();
    }

    private static byte[] Wide(long value) => BitConverter.GetBytes(value);
}
