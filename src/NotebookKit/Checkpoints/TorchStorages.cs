using NotebookKit.Checkpoints.Pickle;
using NotebookKit.Checkpoints.Zip;

namespace NotebookKit.Checkpoints;

/// <summary>Where the numbers of a PyTorch checkpoint lie, in one of its two formats.</summary>
internal abstract class TorchStorages : IDisposable
{
    private readonly Dictionary<(string Key, TorchSharp.torch.ScalarType DType), PickledStorage> _known = [];

    /// <summary>What the pickle held.</summary>
    public abstract object? Root { get; }

    /// <summary>Copies bytes of a storage; the range must lie inside it.</summary>
    public abstract void Copy(PickledStorage storage, long offset, Span<byte> into);

    /// <inheritdoc/>
    public virtual void Dispose()
    {
    }

    /// <summary>The storage that a persistent id <c>('storage', class, key, location, length[, view])</c> names; each key is one
    /// storage.</summary>
    protected PickledStorage Find(PickledTuple id)
    {
        if (id.Items is not ["storage", PickledGlobal { DType: { } dtype } type, var name, string, long length, .. var view] || length < 0)
            throw new PickleException("it names a storage that is none");
        // Untyped storages count bytes under a class of their own.
        var key = name switch
        {
            string text => text,
            long number => number.ToString(System.Globalization.CultureInfo.InvariantCulture),
            _ => throw new PickleException("it names a storage that has no key")
        };
        if (!_known.TryGetValue((key, dtype), out var storage))
        {
            storage = new PickledStorage(key, dtype, length);
            Check(storage);
            _known.Add((key, dtype), storage);
        }

        if (storage.Length != length)
            throw new PickleException($"the storage {ZipDirectory.Shown(key)} is once {storage.Length} and once {length} elements long");
        return view is [PickledTuple { Items: [string or long, long offset, long size] }] ? Stretch(storage, offset, size) : storage;
    }

    /// <summary>Refuses a storage that the file does not hold.</summary>
    protected abstract void Check(PickledStorage storage);

    private static PickledStorage Stretch(PickledStorage root, long offset, long size) =>
        offset >= 0 && size >= 0 && offset <= root.Length && size <= root.Length - offset
            ? new PickledStorage(root.Key, root.DType, size) { Root = root, RootOffset = offset }
            : throw new PickleException("a storage in it reaches beyond the one that it is a part of");
}
