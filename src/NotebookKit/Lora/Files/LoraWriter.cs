using static TorchSharp.torch;

namespace NotebookKit.Lora.Files;

/// <summary>The tensors of a LoRA file by the names of each format.</summary>
internal static class LoraWriter
{
    /// <summary>What to save, sorted by name.</summary>
    public static SortedDictionary<string, Tensor> TensorsOf(LoraFile file, ScalarType dtype, LoraFormat format)
    {
        var tensors = new SortedDictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var module in file.Modules)
        {
            foreach (var (name, tensor) in format == LoraFormat.Kohya ? Kohya(module.In(dtype)) : module.PartsFor(format))
                tensors.Add(name, Stored(tensor, dtype));
            foreach (var (name, tensor) in module.Shared.Where(shared => !tensors.ContainsKey(shared.Name)))
                tensors.Add(name, Stored(tensor, dtype));
        }

        foreach (var (word, vectors) in file.Embeddings)
            tensors.Add($"bundle_emb.{word}.string_to_param.*", Stored(vectors, dtype));
        return tensors;
    }

    // Numbers past half precision's range, such as LoKr's alpha of 100000, stay as wide as they are; so do single ones that it
    // would round.
    private static Tensor Stored(Tensor tensor, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var exact = tensor.detach().cpu().to(ScalarType.Float32).contiguous();
        var narrow = exact.to(dtype);
        var kept = tensor.NumberOfElements == 1 ? narrow.to(ScalarType.Float32).equal(exact).all().item<bool>()
            : narrow.isfinite().equal(exact.isfinite()).all().item<bool>();
        return (kept ? narrow : exact).MoveToOuterDisposeScope();
    }

    private static IEnumerable<(string Name, Tensor Tensor)> Kohya(AdapterWeights module)
    {
        var parts = module.Parts.ToList();
        if (module.StoredAlpha is { } alpha)
            parts.Add(("alpha", tensor((float)alpha)));
        if (module.Dora is { } dora)
            parts.Add(("dora_scale", dora.Magnitude));
        if (module.Bias is { } bias)
            parts.Add((module.BiasName, bias));
        return parts.Select(part => ($"{module.Module}.{part.Name}", part.Tensor));
    }

    /// <summary>What PEFT or diffusers call a tensor of a kohya file.</summary>
    /// <param name="name">Such as lora_unet_mid_block_attentions_0_proj_in.lora_down.weight.</param>
    /// <param name="format">Whose names.</param>
    public static string NameOf(string name, LoraFormat format)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var path = ModulePath.Of(name[..dot]);
        var text = path.StartsWith("text_encoder.", StringComparison.Ordinal);
        return path + (name[(dot + 1)..], format) switch
        {
            ("lora_down.weight", LoraFormat.Peft) => ".lora_A.weight",
            ("lora_up.weight", LoraFormat.Peft) => ".lora_B.weight",
            ("lora_down.weight", _) => text ? ".lora_linear_layer.down.weight" : ".lora.down.weight",
            ("lora_up.weight", _) => text ? ".lora_linear_layer.up.weight" : ".lora.up.weight",
            _ => ".lora_magnitude_vector",
        };
    }
}
