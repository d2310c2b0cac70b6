using NotebookKit.Checkpoints.Pickle;
using static TorchSharp.torch;

namespace NotebookKit.Checkpoints;

/// <summary>
/// A checkpoint as PyTorch's <c>torch.save</c> writes it: a zip archive (since 1.6) or several pickles in a row (before).
/// Its pickle is read by a machine that can build tensors and containers and nothing else, so that nothing in the file
/// can run; whatever asks for more is refused whole.
/// </summary>
public sealed class TorchFile : WeightFile
{
    // Views may overlap; loading each as a tensor of its own must not blow a small file up.
    private const long Spare = 64 << 20;

    private readonly MappedFile _file;
    private readonly TorchStorages _storages;
    private readonly Dictionary<string, PickledTensor> _tensors;

    private TorchFile(MappedFile file, TorchStorages storages, object? root)
    {
        (this._file, this._storages, Root) = (file, storages, root);
        _tensors = StateDict.Tensors(root)
            ?? throw new BadInputException($"{file.Path} holds no weights by name (a state_dict); it may be a whole model that only the "
                + "program which made it can open.");
        Weights = _tensors.ToDictionary(pair => pair.Key, pair => new WeightEntry(pair.Key, pair.Value.Storage.DType, pair.Value.Shape),
            StringComparer.Ordinal);
        Metadata = StateDict.Texts(root);
        var distinct = _tensors.Values.DistinctBy(Identity)
            .Sum(tensor => tensor.ElementCount * SafetensorsTypes.SizeOf(tensor.Storage.DType));
        if (distinct > 2 * file.Length + Spare)
            throw new BadInputException($"{file.Path} would unpack to {distinct >> 20} MB, far more than it holds; it is damaged or made "
                + "to harm.");
    }

    /// <inheritdoc/>
    public override string Path => _file.Path;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, WeightEntry> Weights { get; }

    /// <summary>The texts and numbers beside the weights, such as <c>global_step</c>.</summary>
    public override IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>What the pickle held, whole.</summary>
    internal object? Root { get; }

    /// <summary>Opens a checkpoint and reads its table of contents.</summary>
    /// <param name="path">A <c>.ckpt</c>, <c>.pt</c>, <c>.pth</c> or <c>.bin</c> file.</param>
    /// <returns>The open file.</returns>
    /// <exception cref="BadInputException">It is no checkpoint, damaged, or asks for more than tensors and containers; nothing of it was
    /// run.</exception>
    public static new TorchFile Open(string path)
    {
        var file = MappedFile.Open(path);
        TorchStorages? storages = null;
        try
        {
            var head = file.Bytes(0, (int)Math.Min(512, file.Length));
            NotCheckpoint.Refuse(head, path);
            storages = head.AsSpan().StartsWith("PK"u8) ? new ZipStorages(file) : new LegacyStorages(file);
            return new TorchFile(file, storages, storages.Root);
        }
        catch (Exception e)
        {
            storages?.Dispose();
            file.Dispose();
            if (e is PickleException)
                throw new BadInputException($"{path} is not loaded: {e.Message}. Nothing in it was run; get the model as .safetensors, or "
                    + "the file again from where it was published.", e);
            throw;
        }
    }

    /// <inheritdoc/>
    protected internal override void CopyElements(WeightEntry entry, long first, Span<byte> into)
    {
        var tensor = _tensors[entry.Name];
        var size = SafetensorsTypes.SizeOf(entry.DType);
        if (tensor.IsContiguous)
            _storages.Copy(tensor.Storage, (tensor.Offset + first) * size, into);
        else
            Gather(tensor, first, size, into);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _storages.Dispose();
        _file.Dispose();
    }

    /// <inheritdoc/>
    internal override Dictionary<string, Tensor> ReadAll(Device? device)
    {
        // What is one tensor under two names in the file stays one tensor in memory.
        var read = new Dictionary<(PickledStorage, long, string), Tensor>();
        var named = new Dictionary<string, Tensor>(_tensors.Count, StringComparer.Ordinal);
        try
        {
            foreach (var (name, tensor) in _tensors)
            {
                var shared = read.TryGetValue(Identity(tensor), out var first);
                named.Add(name, shared ? first!.alias() : Read(name, device));
                if (!shared)
                    read.Add(Identity(tensor), named[name]);
            }

            return named;
        }
        catch
        {
            foreach (var tensor in named.Values)
                tensor.Dispose();
            throw;
        }
    }

    private static (PickledStorage, long, string) Identity(PickledTensor tensor) =>
        (tensor.Storage, tensor.Offset, string.Join(',', tensor.Shape.Concat(tensor.Stride)));

    // A view with strides: the stretch of the storage that it spans is read once, then each element picked out.
    private void Gather(PickledTensor tensor, long first, int size, Span<byte> into)
    {
        var index = new long[tensor.Shape.Length];
        var rest = first;
        for (var axis = index.Length - 1; axis >= 0; axis--)
            (rest, index[axis]) = Math.DivRem(rest, tensor.Shape[axis]);
        var (from, to) = (tensor.Offset, tensor.Offset);
        for (var axis = 0; axis < index.Length; axis++)
            to += (tensor.Shape[axis] - 1) * tensor.Stride[axis];
        if ((to - from + 1) * size > int.MaxValue)
            throw new BadInputException($"{Path} holds a strided tensor that spans more than 2 GB; save it with .contiguous() first.");
        var span = new byte[(to - from + 1) * size];
        _storages.Copy(tensor.Storage, from * size, span);
        for (var done = 0; done < into.Length; done += size)
        {
            var at = 0L;
            for (var axis = 0; axis < index.Length; axis++)
                at += index[axis] * tensor.Stride[axis];
            span.AsSpan((int)(at * size), size).CopyTo(into[done..]);
            for (var axis = index.Length - 1; axis >= 0 && ++index[axis] == tensor.Shape[axis]; axis--)
                index[axis] = 0;
        }
    }
}
