using NotebookKit.Checkpoints.Pickle;
using NotebookKit.Checkpoints.Zip;

namespace NotebookKit.Checkpoints;

/// <summary>PyTorch's format since 1.6: a zip archive with one pickle, <c>NAME/data.pkl</c>, and a part <c>NAME/data/KEY</c> for each
/// storage.</summary>
internal sealed class ZipStorages : TorchStorages
{
    private const string Pickle = "data.pkl";
    private readonly IReadOnlyDictionary<string, ZipPart> _parts;
    private readonly ZipPartReader _reader;
    private readonly string _prefix;

    /// <summary>Opens the archive and reads its pickle.</summary>
    /// <exception cref="BadInputException">The archive is damaged.</exception>
    /// <exception cref="PickleException">The pickle is malformed, or asks for more than tensors and containers.</exception>
    public ZipStorages(MappedFile file)
    {
        _parts = ZipDirectory.Read(file);
        _reader = new ZipPartReader(file);
        var pickles = _parts.Values.Where(part => part.Name == Pickle || part.Name.EndsWith("/" + Pickle, StringComparison.Ordinal))
            .ToList();
        if (pickles is not [var pickle])
            throw new BadInputException($"{file.Path} is a zip archive but no PyTorch checkpoint: it has "
                + $"{(pickles.Count == 0 ? "no" : "more than one")} {Pickle}. Name the checkpoint itself.");
        _prefix = pickle.Name[..^Pickle.Length];
        if (pickle.Length > PickleLimits.Bytes || (pickle.Deflated && pickle.Length > 65536 + PickleLimits.Packing * pickle.PackedLength))
            throw new PickleException($"its pickle would unpack to {pickle.Length} bytes, more than any checkpoint's");
        if (_parts.TryGetValue(_prefix + "byteorder", out var order) && order.Length < 16 && !Bytes(order).AsSpan().StartsWith("little"u8))
            throw new PickleException("its numbers have the byte order of another kind of machine");
        Root = new PickleReader(Bytes(pickle), Find).Read();
    }

    /// <inheritdoc/>
    public override object? Root { get; }

    /// <inheritdoc/>
    public override void Copy(PickledStorage storage, long offset, Span<byte> into)
    {
        if (storage.Root is { } root)
            Copy(root, offset + storage.RootOffset * SafetensorsTypes.SizeOf(storage.DType), into);
        else
            _reader.Copy(_parts[$"{_prefix}data/{storage.Key}"], offset, into);
    }

    /// <inheritdoc/>
    public override void Dispose() => _reader.Dispose();

    /// <inheritdoc/>
    protected override void Check(PickledStorage storage)
    {
        if (storage.Key.Length is 0 or > 80 || storage.Key.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not '_' and not '-'))
            throw new PickleException($"it names a storage '{ZipDirectory.Shown(storage.Key)}', which is no storage's name");
        if (!_parts.TryGetValue($"{_prefix}data/{storage.Key}", out var part))
            throw new PickleException($"its storage {storage.Key} is not in the file");
        if (storage.Length > part.Length / SafetensorsTypes.SizeOf(storage.DType))
            throw new PickleException($"its storage {storage.Key} is to have {storage.Length} elements, the file holds {part.Length} "
                + "bytes");
    }

    private byte[] Bytes(ZipPart part)
    {
        var bytes = new byte[part.Length];
        _reader.Copy(part, 0, bytes);
        return bytes;
    }
}
