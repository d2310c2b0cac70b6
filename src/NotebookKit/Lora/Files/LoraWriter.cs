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
            foreach (var (name, tensor) in format == LoraFormat.Kohya ? Kohya(module, dtype) : Scaled(module, format))
                tensors.Add(name, tensor.detach().cpu().to(dtype).contiguous());
        }

        foreach (var (word, vectors) in file.Embeddings)
            tensors.Add($"bundle_emb.{word}.string_to_param.*", vectors.detach().cpu().to(dtype));
        return tensors;
    }

    private static IEnumerable<(string Name, Tensor Tensor)> Kohya(AdapterWeights module, ScalarType dtype)
    {
        var parts = module.Parts.ToList();
        if (module.StoredAlpha is { } alpha)
        {
            // An alpha that half precision cannot hold (rsLoRA's roots) would scale everything a little wrongly.
            if (module is LoraWeights lora && tensor(alpha).to(dtype).to(ScalarType.Float64).item<double>() != alpha)
            {
                parts = [.. (lora with { Up = lora.Up * lora.Scale, Alpha = lora.Down.shape[0] }).Parts];
                alpha = lora.Down.shape[0];
            }

            parts.Add(("alpha", tensor((float)alpha)));
        }

        if (module.Dora is { } dora)
            parts.Add(("dora_scale", dora.Magnitude));
        if (module.Bias is { } bias)
            parts.Add((module is NormWeights ? "b_norm" : "diff_b", bias));
        return parts.Select(part => ($"{module.Module}.{part.Name}", part.Tensor));
    }

    private static IEnumerable<(string Name, Tensor Tensor)> Scaled(AdapterWeights module, LoraFormat format)
    {
        if (module is not LoraWeights { Mid: null } lora || module.Bias is not null)
            throw new BadInputException($"{module.Module} is {module.Kind}, for which {format} files have no names; write a kohya file.");
        if (lora.Dora is { } dora && (format == LoraFormat.Diffusers || dora.Norm == DoraNorm.PerInput))
            throw new BadInputException($"{module.Module} is DoRA with lengths {(dora.Norm == DoraNorm.PerInput ? "per input" : "per output")}, for which {format} files have no names; write a kohya file.");
        yield return (NameOf(module.Module + ".lora_down.weight", format), lora.Down);
        yield return (NameOf(module.Module + ".lora_up.weight", format), lora.Scale == 1 ? lora.Up : lora.Up * lora.Scale);
        if (lora.Dora is not null)
            yield return (NameOf(module.Module + ".dora_scale", format), lora.Dora.Magnitude.flatten());
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

/// <summary>Turns a kohya name back into a dotted path, by the words that Stable Diffusion's layers are called.</summary>
internal static class ModulePath
{
    private static readonly string[] Words =
    [
        "down_blocks", "up_blocks", "mid_block", "attentions", "resnets", "downsamplers", "upsamplers", "transformer_blocks",
        "attn1", "attn2", "to_q", "to_k", "to_v", "to_out", "ff", "net", "proj_in", "proj_out", "proj",
        "conv_shortcut", "conv_in", "conv_out", "conv1", "conv2", "conv", "time_emb_proj", "time_embedding", "linear_1", "linear_2",
        "text_model", "encoder", "layers", "self_attn", "q_proj", "k_proj", "v_proj", "out_proj", "mlp", "fc1", "fc2",
    ];

    /// <summary><c>unet.mid_block.attentions.0.proj_in</c> of lora_unet_mid_block_attentions_0_proj_in.</summary>
    /// <param name="module">A kohya name.</param>
    /// <exception cref="BadInputException">It has a word that no layer of Stable Diffusion has.</exception>
    public static string Of(string module)
    {
        var text = module.StartsWith(LoraModules.TextPrefix, StringComparison.Ordinal);
        var rest = module[(text ? LoraModules.TextPrefix : LoraModules.UNetPrefix).Length..];
        var path = new List<string> { text ? "text_encoder" : "unet" };
        while (rest.Length > 0)
        {
            var digits = rest.TakeWhile(char.IsAsciiDigit).Count();
            var word = digits > 0 ? rest[..digits] : Words.Where(word => rest == word || rest.StartsWith(word + "_", StringComparison.Ordinal)).MaxBy(word => word.Length)
                ?? throw new BadInputException($"{module} is no layer of Stable Diffusion that has a name in other formats; write a kohya file.");
            path.Add(word);
            rest = rest.Length > word.Length ? rest[(word.Length + 1)..] : "";
        }

        return string.Join('.', path);
    }
}
