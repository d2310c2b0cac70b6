using System.Buffers.Binary;
using System.Text;

namespace NotebookKit.Checkpoints.Zip;

/// <summary>
/// Writes a zip archive as PyTorch does: nothing packed, every part's bytes aligned to 64 so that they can be mapped, and
/// ZIP64 where a size or an offset needs it. Written to a stream that can go back, to fill in each checksum.
/// </summary>
internal sealed class ZipWriter(Stream output)
{
    private const int Alignment = 64;
    private readonly List<(byte[] Name, long Local, long Length, uint Crc)> _parts = [];

    /// <summary>Writes one part.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="write">Writes them.</param>
    public void Add(string name, long length, Action<Stream> write)
    {
        var local = output.Position;
        var key = Encoding.UTF8.GetBytes(name);
        var wide = length >= uint.MaxValue;
        // PyTorch pads by an extra field of its own, "FB".
        var extra = wide ? 20 : 0;
        var padding = (int)((Alignment - (local + 30 + key.Length + extra + 4) % Alignment) % Alignment);
        Span<byte> head = stackalloc byte[30];
        head.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(head, 0x04034b50);
        BinaryPrimitives.WriteUInt16LittleEndian(head[4..], (ushort)(wide ? 45 : 0));
        BinaryPrimitives.WriteUInt16LittleEndian(head[6..], 0x0800); // names in UTF-8
        BinaryPrimitives.WriteUInt16LittleEndian(head[12..], 0x21); // 1980-01-01: equal content gives equal bytes
        WriteSizes(head[18..], length, length);
        BinaryPrimitives.WriteUInt16LittleEndian(head[26..], (ushort)key.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(head[28..], (ushort)(extra + 4 + padding));
        output.Write(head);
        output.Write(key);
        if (wide)
            output.Write(Wide(length, length));
        output.Write([(byte)'F', (byte)'B', (byte)padding, 0, .. new byte[padding]]);

        var counted = new CountingStream(output);
        write(counted);
        if (counted.Count != length)
            throw new InvalidOperationException($"'{name}' was to have {length} bytes and got {counted.Count}.");
        var end = output.Position;
        output.Position = local + 14;
        Span<byte> crc = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(crc, counted.Checksum);
        output.Write(crc);
        output.Position = end;
        _parts.Add((key, local, length, counted.Checksum));
    }

    /// <summary>Writes the table of contents.</summary>
    public void Finish()
    {
        var start = output.Position;
        Span<byte> entry = stackalloc byte[46];
        foreach (var (name, local, length, crc) in _parts)
        {
            var fields = (length >= uint.MaxValue ? 2 : 0) + (local >= uint.MaxValue ? 1 : 0);
            var extra = fields == 0 ? [] : length < uint.MaxValue ? Wide(local) : local < uint.MaxValue ? Wide(length, length)
                : Wide(length, length, local);
            entry.Clear();
            BinaryPrimitives.WriteUInt32LittleEndian(entry, 0x02014b50);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[6..], (ushort)(fields > 0 ? 45 : 0));
            BinaryPrimitives.WriteUInt16LittleEndian(entry[8..], 0x0800);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[14..], 0x21);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[16..], crc);
            WriteSizes(entry[20..], length, length);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[28..], (ushort)name.Length);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[30..], (ushort)extra.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[42..], Narrow(local));
            output.Write(entry);
            output.Write(name);
            output.Write(extra);
        }

        End(start, output.Position - start);
    }

    private void End(long start, long size)
    {
        if (start >= uint.MaxValue || size >= uint.MaxValue || _parts.Count >= ushort.MaxValue)
        {
            var at = output.Position;
            Span<byte> end64 = stackalloc byte[76];
            end64.Clear();
            BinaryPrimitives.WriteUInt32LittleEndian(end64, 0x06064b50);
            BinaryPrimitives.WriteInt64LittleEndian(end64[4..], 44);
            BinaryPrimitives.WriteUInt16LittleEndian(end64[12..], 45);
            BinaryPrimitives.WriteUInt16LittleEndian(end64[14..], 45);
            BinaryPrimitives.WriteInt64LittleEndian(end64[24..], _parts.Count);
            BinaryPrimitives.WriteInt64LittleEndian(end64[32..], _parts.Count);
            BinaryPrimitives.WriteInt64LittleEndian(end64[40..], size);
            BinaryPrimitives.WriteInt64LittleEndian(end64[48..], start);
            BinaryPrimitives.WriteUInt32LittleEndian(end64[56..], 0x07064b50);
            BinaryPrimitives.WriteInt64LittleEndian(end64[64..], at);
            BinaryPrimitives.WriteUInt32LittleEndian(end64[72..], 1);
            output.Write(end64);
        }

        Span<byte> end = stackalloc byte[22];
        end.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(end, 0x06054b50);
        BinaryPrimitives.WriteUInt16LittleEndian(end[8..], (ushort)Math.Min(_parts.Count, ushort.MaxValue));
        BinaryPrimitives.WriteUInt16LittleEndian(end[10..], (ushort)Math.Min(_parts.Count, ushort.MaxValue));
        BinaryPrimitives.WriteUInt32LittleEndian(end[12..], Narrow(size));
        BinaryPrimitives.WriteUInt32LittleEndian(end[16..], Narrow(start));
        output.Write(end);
    }

    // Where one of the two sizes is too wide, both stand in the extra field.
    private static void WriteSizes(Span<byte> field, long packed, long length)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(field, Narrow(packed));
        BinaryPrimitives.WriteUInt32LittleEndian(field[4..], Narrow(length));
    }

    private static uint Narrow(long value) => (uint)Math.Min(value, uint.MaxValue);

    private static byte[] Wide(params long[] values)
    {
        var field = new byte[4 + 8 * values.Length];
        field[0] = 1;
        field[2] = (byte)(8 * values.Length);
        for (var i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(field.AsSpan(4 + 8 * i), values[i]);
        return field;
    }

    private sealed class CountingStream(Stream inner) : Stream
    {
        public long Count { get; private set; }

        public uint Checksum { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => Count;

        public override long Position { get => Count; set => throw new NotSupportedException(); }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            inner.Write(buffer);
            Count += buffer.Length;
            Checksum = Crc32.Continue(Checksum, buffer);
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
