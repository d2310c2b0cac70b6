using System.IO.MemoryMappedFiles;

namespace NotebookKit.Checkpoints;

/// <summary>
/// A file mapped into memory and read through windows that are closed after use: a byte is fetched from the disk when
/// it is asked for, goes straight to where it is wanted, and the window's pages do not stay with the process.
/// </summary>
internal sealed class MappedFile : IDisposable
{
    // Large enough that opening windows costs nothing, small beside any model.
    private const int Window = 16 << 20;

    private readonly FileStream _stream;
    private readonly MemoryMappedFile? _map;

    private MappedFile(FileStream stream, string path)
    {
        (this._stream, Path, Length) = (stream, path, stream.Length);
        _map = Length == 0 ? null
            : MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
    }

    /// <summary>The file's path, for sentences.</summary>
    public string Path { get; }

    /// <summary>Bytes of the file when it was opened.</summary>
    public long Length { get; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="BadInputException">It is missing, a folder, or may not be read.</exception>
    public static MappedFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
            throw new BadInputException($"{path} is a folder; name the file inside it.");
        try
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1);
            try
            {
                return new MappedFile(stream, path);
            }
            catch
            {
                stream.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BadInputException($"{path} does not exist; check the path.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new BadInputException($"{path} can't be read; check its permissions.", e);
        }
    }

    /// <summary>Copies bytes of the file.</summary>
    /// <param name="offset">The first byte; the range must lie inside <see cref="Length"/>.</param>
    /// <param name="into">Where to, and how many.</param>
    /// <exception cref="BadInputException">The file shrank since it was opened.</exception>
    public unsafe void Copy(long offset, Span<byte> into)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - into.Length);
        // Touching a page past the end would be a signal, not an exception.
        if (_stream.Length < Length)
            throw new BadInputException($"{Path} shrank while it was read; copy or download it again.");
        for (var done = 0; done < into.Length;)
        {
            var count = Math.Min(Window, into.Length - done);
            using var view = _map!.CreateViewAccessor(offset + done, count, MemoryMappedFileAccess.Read);
            byte* first = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref first);
            try
            {
                new ReadOnlySpan<byte>(first + view.PointerOffset, count).CopyTo(into.Slice(done, count));
            }
            finally
            {
                view.SafeMemoryMappedViewHandle.ReleasePointer();
            }

            done += count;
        }
    }

    /// <summary>The bytes of a range, copied.</summary>
    public byte[] Bytes(long offset, int count)
    {
        var bytes = new byte[count];
        Copy(offset, bytes);
        return bytes;
    }

    /// <summary>A range as a stream.</summary>
    public Stream Stream(long offset, long length) =>
        length == 0 ? System.IO.Stream.Null : _map!.CreateViewStream(offset, length, MemoryMappedFileAccess.Read);

    /// <inheritdoc/>
    public void Dispose()
    {
        _map?.Dispose();
        _stream.Dispose();
    }
}
