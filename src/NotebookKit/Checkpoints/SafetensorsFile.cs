using static TorchSharp.torch;

namespace NotebookKit.Checkpoints;

/// <summary>
/// An open <c>.safetensors</c> file whose tensors are read one at a time, so that loading a 4 GB model into its
/// parameters needs no second copy of it in memory.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    private readonly FileStream stream;
    private readonly string path;

    private SafetensorsFile(FileStream stream, string path, SafetensorsHeader header)
    {
        this.stream = stream;
        this.path = path;
        Header = header;
    }

    /// <summary>What the file holds, checked whole.</summary>
    public SafetensorsHeader Header { get; }

    /// <summary>Opens a file and checks its header.</summary>
    /// <param name="path">A <c>.safetensors</c> file.</param>
    /// <returns>The open file.</returns>
    /// <exception cref="BadInputException">The file is missing or malformed in any way.</exception>
    public static SafetensorsFile Open(string path)
    {
        var stream = SafetensorsHeader.Open(path);
        try
        {
            return new SafetensorsFile(stream, path, SafetensorsHeader.Read(stream, path));
        }
        catch (Exception e)
        {
            stream.Dispose();
            if (e is EndOfStreamException)
                throw new BadInputException($"{path} shrank while it was read; copy or download it again.", e);
            throw;
        }
    }

    /// <summary>Reads one tensor.</summary>
    /// <param name="name">A key of <see cref="SafetensorsHeader.Tensors"/>.</param>
    /// <param name="device">Where it goes; the CPU when null.</param>
    /// <returns>A new tensor of the file's type and shape.</returns>
    /// <exception cref="KeyNotFoundException">The file has no such tensor.</exception>
    /// <exception cref="BadInputException">The file shrank since it was opened.</exception>
    public Tensor Read(string name, Device? device = null)
    {
        var entry = Header.Tensors[name];
        var tensor = empty(entry.Shape.ToArray(), SafetensorsTypes.ToScalarType(entry.DType), CPU);
        try
        {
            Fill(tensor, entry);
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
    /// <param name="name">A key of <see cref="SafetensorsHeader.Tensors"/>.</param>
    /// <param name="target">What is overwritten; its type and device stay.</param>
    /// <exception cref="KeyNotFoundException">The file has no such tensor.</exception>
    /// <exception cref="BadInputException">The file shrank since it was opened.</exception>
    public void ReadInto(string name, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(target);
        var entry = Header.Tensors[name];
        if (target.device.type == TorchSharp.DeviceType.CPU && target.is_contiguous() && target.dtype == SafetensorsTypes.ToScalarType(entry.DType))
        {
            Fill(target, entry);
            return;
        }

        using var noGrad = no_grad();
        using var value = Read(name);
        using var shaped = value.view(target.shape);
        target.copy_(shaped);
    }

    private void Fill(Tensor tensor, SafetensorsEntry entry)
    {
        if (tensor.NumberOfElements * tensor.element_size() != entry.ByteCount)
            throw new ArgumentException($"'{entry.Name}' has {entry.ByteCount} bytes, the tensor {tensor.NumberOfElements * tensor.element_size()}.", nameof(tensor));
        try
        {
            stream.Position = Header.DataStart + entry.Begin;
            TensorBytes.Read(tensor, stream);
        }
        catch (EndOfStreamException e)
        {
            throw new BadInputException($"{path} shrank while it was read; copy or download it again.", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();
}
