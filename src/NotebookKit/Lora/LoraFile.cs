using NotebookKit.Checkpoints;
using static TorchSharp.torch;

namespace NotebookKit.Lora;

/// <summary>
/// A LoRA as a .safetensors file: read in kohya's, PEFT's and both diffusers spellings, written in kohya's, which the web
/// UI, ComfyUI and diffusers all read.
/// </summary>
/// <param name="Modules">One entry for each adapted layer, in float32.</param>
/// <param name="Metadata">The file's own notes: ss_network_dim, ss_network_alpha and the like.</param>
public sealed record LoraFile(IReadOnlyList<LoraWeights> Modules, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>Reads a LoRA file; half-precision weights are widened to float32.</summary>
    /// <param name="path">A .safetensors file.</param>
    /// <exception cref="BadInputException">The file is missing, malformed, or holds no LoRA.</exception>
    public static LoraFile Read(string path)
    {
        var tensors = Safetensors.Load(path);
        var metadata = Safetensors.ReadMetadata(path);
        var parts = new SortedDictionary<string, Dictionary<LoraPart, Tensor>>(StringComparer.Ordinal);
        foreach (var (name, tensor) in tensors)
        {
            if (LoraKey.Parse(name) is not { } key)
                throw new BadInputException($"{path} is no LoRA that can be read here: it holds the tensor {name}; give a LoRA in kohya's, PEFT's or diffusers' format.");
            if (!parts.TryGetValue(key.Module, out var module))
                parts[key.Module] = module = [];
            module[key.Part] = tensor;
        }

        if (parts.Count == 0)
            throw new BadInputException($"{path} holds no tensors; give a LoRA file.");
        return new LoraFile([.. parts.Select(part => Assemble(path, part.Key, part.Value))], metadata);
    }

    /// <summary>
    /// Writes the file with kohya's names, sorted, then reads it back and compares every tensor with what was meant, so
    /// that a file which says it was saved can be loaded.
    /// </summary>
    /// <param name="path">Where to; the folder is made when it is missing.</param>
    /// <param name="dtype">Float16 (half the size) or Float32 (exact).</param>
    /// <exception cref="IOException">The disk is full or not writable, or does not give back what was written.</exception>
    public void Write(string path, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var tensors = new SortedDictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var module in Modules)
        {
            tensors[module.Module + ".alpha"] = tensor((float)module.Alpha).to(dtype);
            tensors[module.Module + ".lora_down.weight"] = module.Down.detach().cpu().to(dtype);
            tensors[module.Module + ".lora_up.weight"] = module.Up.detach().cpu().to(dtype);
        }

        Safetensors.Save(path, tensors, Metadata);

        var saved = Safetensors.Load(path);
        foreach (var (name, tensor) in tensors)
        {
            if (!saved.TryGetValue(name, out var back) || !back.shape.SequenceEqual(tensor.shape) || !back.Equals(tensor))
                throw new IOException($"{path} was written but gives back another {name}; the disk may be failing.");
        }
    }

    private static LoraWeights Assemble(string path, string module, Dictionary<LoraPart, Tensor> parts)
    {
        foreach (var part in (LoraPart[])[LoraPart.Down, LoraPart.Up])
        {
            if (!parts.ContainsKey(part))
                throw new BadInputException($"{path} lacks the {part.ToString().ToLowerInvariant()} weights of {module}; the file is incomplete, fetch it again.");
        }

        var down = parts[LoraPart.Down].to(ScalarType.Float32);
        var up = parts[LoraPart.Up].to(ScalarType.Float32);
        if (down.dim() is not (2 or 4) || up.dim() is not (2 or 4) || up.shape[1] != down.shape[0])
            throw new BadInputException($"{path}: the weights of {module} do not fit each other (down {Shape(down)}, up {Shape(up)}); the file is damaged.");
        var alpha = parts.TryGetValue(LoraPart.Alpha, out var value) ? value.to(ScalarType.Float64).item<double>() : down.shape[0];
        return new LoraWeights(module, down, up, alpha);
    }

    internal static string Shape(Tensor tensor) => "(" + string.Join(", ", tensor.shape) + ")";
}
