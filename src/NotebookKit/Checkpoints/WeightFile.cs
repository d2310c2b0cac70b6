using System.Buffers.Binary;
using static TorchSharp.torch;

namespace NotebookKit.Checkpoints;

/// <summary>
/// Named tensors in a file, of whatever format: nothing but the table of contents is read until a tensor is asked for,
/// and then that tensor only, straight from the mapped file to where it is wanted.
/// </summary>
public abstract class WeightFile : IDisposable
{
    // What is converted on the way goes through a buffer of this many elements, so that no second copy is ever whole.
    private const long Piece = 1 << 22;

    /// <summary>The file or folder, for sentences.</summary>
    public abstract string Path { get; }

    /// <summary>Every tensor by name.</summary>
    public abstract IReadOnlyDictionary<string, WeightEntry> Weights { get; }

    /// <summary>The file's free text pairs; empty where it has none.</summary>
    public virtual IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    /// <summary>
    /// Opens a weight file by its content: safetensors, or a PyTorch checkpoint. Only what calls itself
    /// <c>.safetensors</c> is held to its word, for who asks for that format means to open no other.
    /// </summary>
    /// <param name="path">A <c>.safetensors</c>, <c>.ckpt</c>, <c>.pt</c>, <c>.pth</c> or <c>.bin</c> file.</param>
    /// <returns>The open file.</returns>
    /// <exception cref="BadInputException">It is none of these, malformed, or asks for more than tensors and containers.</exception>
    public static WeightFile Open(string path)
    {
        Span<byte> head = stackalloc byte[9];
        int count;
        using (var stream = SafetensorsHeader.Open(path))
            count = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        var safetensors = count == 9 && head[8] == (byte)'{'
            && BinaryPrimitives.ReadUInt64LittleEndian(head) <= SafetensorsHeader.MaximumLength;
        return safetensors || path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase)
            ? SafetensorsFile.Open(path)
            : TorchFile.Open(path);
    }

    /// <summary>Loads every tensor.</summary>
    /// <param name="path">As <see cref="Open"/> takes it.</param>
    /// <param name="device">Where the tensors go; the CPU when null.</param>
    /// <returns>The tensors by name.</returns>
    /// <exception cref="BadInputException">As <see cref="Open"/>.</exception>
    public static Dictionary<string, Tensor> Load(string path, Device? device = null)
    {
        using var file = Open(path);
        return file.ReadAll(device);
    }

    /// <summary>Reads one tensor.</summary>
    /// <param name="name">A key of <see cref="Weights"/>.</param>
    /// <param name="device">Where it goes; the CPU when null.</param>
    /// <returns>A new tensor of the file's type and shape.</returns>
    /// <exception cref="KeyNotFoundException">The file has no such tensor.</exception>
    /// <exception cref="BadInputException">The file changed since it was opened.</exception>
    public Tensor Read(string name, Device? device = null)
    {
        var entry = Weights[name];
        var tensor = empty(entry.Shape.ToArray(), entry.DType, CPU);
        try
        {
            Fill(tensor, entry, 0);
        }
        catch
        {
            tensor.Dispose();
            throw;
        }

        if (device is null || device.type == TorchSharp.DeviceType.CPU)
            return tensor;
        using (tensor)
            return tensor.to(device);
    }

    /// <summary>Copies one tensor into another of as many elements; where types and device allow, straight from the file.</summary>
    /// <param name="name">A key of <see cref="Weights"/>.</param>
    /// <param name="target">What is overwritten; its type and device stay.</param>
    /// <exception cref="KeyNotFoundException">The file has no such tensor.</exception>
    /// <exception cref="ArgumentException">The target has another number of elements.</exception>
    /// <exception cref="BadInputException">The file changed since it was opened.</exception>
    public void ReadInto(string name, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(target);
        var entry = Weights[name];
        if (target.NumberOfElements != entry.ElementCount)
            throw new ArgumentException($"'{name}' has {entry.ElementCount} elements, the tensor {target.NumberOfElements}.",
                nameof(target));
        var dense = target.is_contiguous();
        if (dense && target.device.type == TorchSharp.DeviceType.CPU && target.dtype == entry.DType)
        {
            Fill(target, entry, 0);
            return;
        }

        using var noGrad = no_grad();
        if (!dense)
        {
            using var value = Read(name);
            using var shaped = value.view(target.shape);
            target.copy_(shaped);
            return;
        }

        using var flat = target.view(-1);
        using var buffer = empty(new[] { Math.Min(Piece, Math.Max(1, entry.ElementCount)) }, entry.DType, CPU);
        for (var first = 0L; first < entry.ElementCount; first += Piece)
        {
            var count = Math.Min(Piece, entry.ElementCount - first);
            using var part = buffer.narrow(0, 0, count);
            using var place = flat.narrow(0, first, count);
            Fill(part, entry, first);
            place.copy_(part);
        }
    }

    /// <summary>Frees the file.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Copies elements of a tensor, in row-major order, from the file.</summary>
    /// <param name="entry">Which tensor.</param>
    /// <param name="first">Its first element that is wanted.</param>
    /// <param name="into">Where to; a whole number of elements.</param>
    protected internal abstract void CopyElements(WeightEntry entry, long first, Span<byte> into);

    /// <summary>Frees the file.</summary>
    /// <param name="disposing">True when called by <see cref="Dispose()"/>.</param>
    protected abstract void Dispose(bool disposing);

    /// <summary>Reads every tensor.</summary>
    internal virtual Dictionary<string, Tensor> ReadAll(Device? device)
    {
        var tensors = new Dictionary<string, Tensor>(Weights.Count, StringComparer.Ordinal);
        try
        {
            foreach (var name in Weights.Keys)
                tensors.Add(name, Read(name, device));
            return tensors;
        }
        catch
        {
            foreach (var tensor in tensors.Values)
                tensor.Dispose();
            throw;
        }
    }

    private void Fill(Tensor tensor, WeightEntry entry, long first) => TensorBytes.ForEachPiece(tensor, (done, bytes) =>
    {
        CopyElements(entry, first + done, bytes);
        // A bool is 0 or 1 to the compiler; any other byte from a file would be undefined behaviour in libtorch.
        if (entry.DType == ScalarType.Bool)
        {
            foreach (ref var value in bytes)
                value = value == 0 ? (byte)0 : (byte)1;
        }
    });
}
