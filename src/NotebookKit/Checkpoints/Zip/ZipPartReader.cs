using System.IO.Compression;

namespace NotebookKit.Checkpoints.Zip;

/// <summary>
/// Reads the bytes of an archive's parts: a stored one straight from the map, a packed one by unpacking up to what is asked
/// for. Each part's checksum is made on the way where it is read from end to end, as weights are; a part that is read in
/// another order is checked whole at once.
/// </summary>
internal sealed class ZipPartReader(MappedFile file) : IDisposable
{
    private readonly Dictionary<ZipPart, (long Position, uint Checksum)> _sums = [];
    private readonly HashSet<ZipPart> _whole = [];
    private ZipPart? _open;
    private Stream? _unpacked;
    private long _position;

    /// <summary>Copies bytes of a part; the range must lie inside its length.</summary>
    /// <exception cref="BadInputException">The bytes are damaged, or fewer than the archive says.</exception>
    public void Copy(ZipPart part, long offset, Span<byte> into)
    {
        CopyUnchecked(part, offset, into);
        if (part.Checksum == 0 || into.Length == 0 || _whole.Contains(part))
            return;
        var (position, checksum) = _sums.GetValueOrDefault(part);
        if (offset == position)
            Continue(part, position, Crc32.Continue(checksum, into), into.Length);
        else
            CheckWhole(part);
    }

    private void Continue(ZipPart part, long position, uint checksum, int count)
    {
        _sums[part] = (position + count, checksum);
        if (position + count < part.Length)
            return;
        _sums.Remove(part);
        _whole.Add(part);
        if (checksum != part.Checksum)
            throw new BadInputException($"{file.Path} is damaged: the bytes of its part '{ZipDirectory.Shown(part.Name)}' are not those "
                + "that were written (their CRC-32 differs). Copy or download it again.");
    }

    private void CheckWhole(ZipPart part)
    {
        var (position, checksum) = (0L, 0u);
        var buffer = new byte[1 << 20];
        while (position < part.Length)
        {
            var bytes = buffer.AsSpan(0, (int)Math.Min(buffer.Length, part.Length - position));
            CopyUnchecked(part, position, bytes);
            checksum = Crc32.Continue(checksum, bytes);
            Continue(part, position, checksum, bytes.Length);
            position += bytes.Length;
        }
    }

    private void CopyUnchecked(ZipPart part, long offset, Span<byte> into)
    {
        if (!part.Deflated)
        {
            file.Copy(part.DataOffset + offset, into);
            return;
        }

        try
        {
            Seek(part, offset);
            _unpacked!.ReadExactly(into);
            _position += into.Length;
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            Close();
            throw new BadInputException($"{file.Path} is damaged: its part '{ZipDirectory.Shown(part.Name)}' does not unpack. Copy or "
                + "download it again.", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    // What is read in pieces goes on where it stopped; only going back starts over.
    private void Seek(ZipPart part, long offset)
    {
        if (_open != part || _position > offset)
        {
            Close();
            _unpacked = new DeflateStream(file.Stream(part.DataOffset, part.PackedLength), CompressionMode.Decompress);
            (_open, _position) = (part, 0);
        }

        Span<byte> skipped = stackalloc byte[4096];
        while (_position < offset)
        {
            var count = (int)Math.Min(skipped.Length, offset - _position);
            _unpacked!.ReadExactly(skipped[..count]);
            _position += count;
        }
    }

    private void Close()
    {
        _unpacked?.Dispose();
        (_open, _unpacked) = (null, null);
    }
}
