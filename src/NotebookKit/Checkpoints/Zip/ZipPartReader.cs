using System.IO.Compression;

namespace NotebookKit.Checkpoints.Zip;

/// <summary>Reads the bytes of an archive's parts: a stored one straight from the map, a packed one by unpacking up to what is asked for.</summary>
internal sealed class ZipPartReader(MappedFile file) : IDisposable
{
    private ZipPart? open;
    private Stream? unpacked;
    private long position;

    /// <summary>Copies bytes of a part; the range must lie inside its length.</summary>
    /// <exception cref="BadInputException">The packed bytes are damaged, or fewer than the archive says.</exception>
    public void Copy(ZipPart part, long offset, Span<byte> into)
    {
        if (!part.Deflated)
        {
            file.Copy(part.DataOffset + offset, into);
            return;
        }

        try
        {
            Seek(part, offset);
            unpacked!.ReadExactly(into);
            position += into.Length;
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            Close();
            throw new BadInputException($"{file.Path} is damaged: its part '{ZipDirectory.Shown(part.Name)}' does not unpack. Copy or download it again.", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    // What is read in pieces goes on where it stopped; only going back starts over.
    private void Seek(ZipPart part, long offset)
    {
        if (open != part || position > offset)
        {
            Close();
            unpacked = new DeflateStream(file.Stream(part.DataOffset, part.PackedLength), CompressionMode.Decompress);
            (open, position) = (part, 0);
        }

        Span<byte> skipped = stackalloc byte[4096];
        while (position < offset)
        {
            var count = (int)Math.Min(skipped.Length, offset - position);
            unpacked!.ReadExactly(skipped[..count]);
            position += count;
        }
    }

    private void Close()
    {
        unpacked?.Dispose();
        (open, unpacked) = (null, null);
    }
}
