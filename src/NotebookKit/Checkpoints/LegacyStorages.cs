using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using NotebookKit.Checkpoints.Pickle;
using NotebookKit.Checkpoints.Zip;

namespace NotebookKit.Checkpoints;

/// <summary>
/// PyTorch's format before 1.6: pickles in a row (a magic number, the protocol, the machine, the object, the storages'
/// keys), then each storage as its length and its bytes (<c>torch.serialization._legacy_save</c>).
/// </summary>
internal sealed class LegacyStorages : TorchStorages
{
    private const long Protocol = 1001;
    private static readonly BigInteger Magic =
        BigInteger.Parse("1950a86a20f9469cfc6c", NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    private readonly MappedFile _file;
    private readonly List<PickledStorage> _roots = [];
    private readonly Dictionary<string, long> _places = [];

    /// <summary>Reads the pickles.</summary>
    /// <exception cref="PickleException">They are malformed, or ask for more than tensors and containers.</exception>
    public LegacyStorages(MappedFile file)
    {
        this._file = file;
        var reader = new PickleReader(file.Bytes(0, (int)Math.Min(file.Length, PickleLimits.Bytes)), Find);
        if (reader.Read() is not BigInteger number || number != Magic)
            throw new PickleException("it is a pickle, but not one that PyTorch wrote");
        if (reader.Read() is not Protocol)
            throw new PickleException("it is of a version of PyTorch's old format that was never published");
        if (reader.Read() is not PickledDict machine || machine["little_endian"] is false)
            throw new PickleException("its numbers have the byte order of another kind of machine");
        Root = reader.Read();
        if (reader.Read() is not PickledList keys)
            throw new PickleException("it lacks the list of its storages");
        Place(keys, reader.Position);
    }

    /// <inheritdoc/>
    public override object? Root { get; }

    /// <inheritdoc/>
    public override void Copy(PickledStorage storage, long offset, Span<byte> into)
    {
        if (storage.Root is { } root)
            Copy(root, offset + storage.RootOffset * SafetensorsTypes.SizeOf(storage.DType), into);
        else
            _file.Copy(_places[storage.Key] + offset, into);
    }

    /// <inheritdoc/>
    protected override void Check(PickledStorage storage) => _roots.Add(storage);

    private void Place(PickledList keys, long at)
    {
        var wanted = new Dictionary<string, PickledStorage>(StringComparer.Ordinal);
        foreach (var storage in _roots)
        {
            if (!wanted.TryAdd(storage.Key, storage))
                throw new PickleException($"its storage {ZipDirectory.Shown(storage.Key)} has two types");
        }

        Span<byte> field = stackalloc byte[8];
        foreach (var item in keys.Items)
        {
            if (item is not string key || !wanted.Remove(key, out var storage))
                throw new PickleException("its list of storages names one that no tensor uses");
            if (_file.Length - at < field.Length)
                throw new PickleException("its storages are cut off");
            _file.Copy(at, field);
            at += field.Length;
            if (BinaryPrimitives.ReadInt64LittleEndian(field) != storage.Length)
                throw new PickleException($"its storage {ZipDirectory.Shown(key)} has another length than its tensors say");
            if (storage.Length > (_file.Length - at) / SafetensorsTypes.SizeOf(storage.DType))
                throw new PickleException("its storages are cut off");
            _places.Add(key, at);
            at += storage.Length * SafetensorsTypes.SizeOf(storage.DType);
        }

        if (wanted.Count > 0)
            throw new PickleException($"its storage {ZipDirectory.Shown(wanted.Keys.First())} is not in the file");
    }
}
