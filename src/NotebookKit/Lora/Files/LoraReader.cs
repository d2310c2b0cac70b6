using System.Text.Json;
using NotebookKit.Checkpoints;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Files;

/// <summary>Puts a file's tensors together into adapters, and says what does not fit together.</summary>
internal sealed class LoraReader
{
    private const string EmbeddingPrefix = "bundle_emb.";

    private readonly string _path;
    private readonly IReadOnlyDictionary<string, string> _metadata;
    private readonly SortedDictionary<string, SortedDictionary<string, Tensor>> _modules = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Tensor> _embeddings = new(StringComparer.Ordinal);
    private readonly List<(string What, string Name)> _problems = [];
    private readonly Dictionary<string, double> _alphas;

    private LoraReader(string path, IReadOnlyDictionary<string, string> metadata)
    {
        _path = path;
        _metadata = metadata;
        _alphas = PeftAlphas.Of(path, metadata);
    }

    public static LoraFile Read(string path)
    {
        var (tensors, metadata) = Open(path);
        return new LoraReader(path, metadata).Assemble(tensors);
    }

    private static (Dictionary<string, Tensor> Tensors, IReadOnlyDictionary<string, string> Metadata) Open(string path)
    {
        using var file = WeightFile.Open(path);
        return (file.ReadAll(null), file.Metadata);
    }

    private LoraFile Assemble(Dictionary<string, Tensor> tensors)
    {
        var listed = UnnamedPairs.OfList(tensors);
        var unnamed = listed is null ? UnnamedPairs.Find(tensors, _metadata) : [listed];
        foreach (var (name, tensor) in tensors)
        {
            if (listed is not null || UnnamedPairs.IsPart(name))
                continue;
            if (name.StartsWith(EmbeddingPrefix, StringComparison.Ordinal) && name[EmbeddingPrefix.Length..].Split('.') is [var word, ..])
                _embeddings[word] = tensor.to(ScalarType.Float32);
            else if (_metadata.GetValueOrDefault(name) == "<embed>") // cloneofsimo's
                _embeddings[name] = tensor.to(ScalarType.Float32).reshape(-1, tensor.shape[^1]);
            else if (LoraKey.Parse(name) is { } key)
                (_modules.TryGetValue(key.Module, out var parts) ? parts : _modules[key.Module] = new(StringComparer.Ordinal))[key.Part] = tensor;
            else
                _problems.Add(("tensors that are no part of a LoRA", name));
        }

        if (_modules.Count == 0 && unnamed.Count == 0)
            throw new BadInputException($"{_path} {WhatElse(tensors)}");
        var modules = new List<AdapterWeights>();
        foreach (var (name, parts) in _modules)
        {
            if (Whole(name, parts) is { } weights)
                modules.Add(weights);
        }

        return new LoraFile(modules, _metadata)
        {
            Path = _path,
            Problems = [.. _problems.GroupBy(problem => problem.What).Select(group => new LoraProblem(group.Key, [.. group.Select(problem => problem.Name)]))],
            Embeddings = _embeddings,
            Unnamed = unnamed,
            Family = FamilyOf(tensors.Keys),
        };
    }

    // What the file is instead, told by its names.
    private static string WhatElse(Dictionary<string, Tensor> tensors) =>
        tensors.Count == 0 ? "holds no tensors; give a LoRA file."
        : tensors.Keys.Any(name => name.StartsWith("model.diffusion_model.", StringComparison.Ordinal) || name is "conv_in.weight" or "time_embedding.linear_1.weight") ? "is no LoRA but a whole model; give it as the base."
        : tensors.ContainsKey("emb_params") || tensors.Keys.All(name => name.StartsWith('<')) ? "is no LoRA but a textual-inversion embedding; put it into the embeddings folder and write its word in the prompt."
        : $"is no LoRA that can be read here: it holds the tensor {tensors.Keys.First()}; give a LoRA in kohya's, LyCORIS', PEFT's or diffusers' format.";

    private AdapterWeights? Whole(string module, SortedDictionary<string, Tensor> parts)
    {
        var weights = Kind(module, parts);
        if (weights is null)
            return null;
        if (weights.IsFinite())
            return weights;
        _problems.Add(("layers with numbers that are not finite (NaN or infinite), which are left out", module));
        return null;
    }

    private AdapterWeights? Kind(string module, SortedDictionary<string, Tensor> parts)
    {
        Tensor? Part(string name) => parts.GetValueOrDefault(name)?.to(ScalarType.Float32);
        double? Number(string name) => parts.TryGetValue(name, out var value) && value.NumberOfElements == 1 ? value.to(ScalarType.Float64).item<double>() : null;
        double Alpha(long rank) => Number("scale") * rank ?? Number("alpha") ?? _alphas.GetValueOrDefault(module, _alphas.GetValueOrDefault("", rank));

        AdapterWeights? weights = null;
        if (Part("lora_down") is { } down && Part("lora_up") is { } up)
        {
            var mid = Part("lora_mid");
            if (down.dim() is not (2 or 4) || up.dim() is not (2 or 4) || !(mid is null ? up.shape[1] == down.shape[0] : mid.dim() == 4 && mid.shape[0] == up.shape[1] && mid.shape[1] == down.shape[0]))
                return Refuse("layers whose weights do not fit each other", $"{module} (down {LoraFile.Shape(down)}, up {LoraFile.Shape(up)})");
            weights = new LoraWeights(module, down, up, Alpha(down.shape[0]), mid);
        }
        else if (Part("hada_w1_a") is { } w1a && Part("hada_w1_b") is { } w1b && Part("hada_w2_a") is { } w2a && Part("hada_w2_b") is { } w2b)
        {
            weights = new LohaWeights(module, w1a, w1b, w2a, w2b, Alpha(w1b.shape[0]), Part("hada_t1"), Part("hada_t2"));
        }
        else if (parts.Keys.Any(name => name.StartsWith("lokr_", StringComparison.Ordinal)))
        {
            weights = Lokr(module, Part, Alpha, parts);
        }
        else if ((Part("oft_blocks") ?? Part("oft_diag")) is { } blocks && blocks.dim() == 3 && blocks.shape[1] == blocks.shape[2])
        {
            weights = new OftWeights(module, blocks, Number("alpha") ?? 0);
        }
        else if (Part("a1") is { } a1 && Part("a2") is { } a2 && Part("b1") is { } b1 && Part("b2") is { } b2)
        {
            if (parts.ContainsKey("bm"))
                return Refuse("GLoRA layers with a core (Tucker), which is not read here", module);
            var pairs = new[] { a1, a2, b1, b2 };
            if (pairs.Any(tensor => tensor.dim() < 2))
                return Refuse("layers whose weights do not fit each other", module);
            weights = new GloraWeights(module, a1, a2, b1, b2, Alpha(Math.Min(a1.shape[0], a1.shape[1])));
        }
        else if (Part("weight") is { } factors && parts.ContainsKey("on_input"))
        {
            weights = new Ia3Weights(module, factors.flatten(), Number("on_input") > 0);
        }
        else if (Part("w_norm") is { } ofNorm)
        {
            weights = new NormWeights(module, ofNorm.flatten());
        }
        else if (parts.ContainsKey("oft_blocks") || parts.ContainsKey("oft_diag"))
        {
            return Refuse("layers of a kind that is not read here (BOFT)", module);
        }
        else if (Part("diff") is { } change)
        {
            weights = new FullWeights(module, change);
        }

        if (weights is null)
        {
            var missing = parts.ContainsKey("lora_down") ? "up weights" : parts.ContainsKey("lora_up") ? "down weights" : "weights";
            return Refuse($"layers that lack their {missing}", module);
        }

        return Dressed(weights, Part);
    }

    private AdapterWeights? Lokr(string module, Func<string, Tensor?> part, Func<long, double> alpha, SortedDictionary<string, Tensor> parts)
    {
        var (w1a, w1b, w2a, w2b, core) = (part("lokr_w1_a"), part("lokr_w1_b"), part("lokr_w2_a"), part("lokr_w2_b"), part("lokr_t2"));
        var small = part("lokr_w1") ?? (w1a is not null && w1b is not null ? w1a.mm(w1b) : null);
        var large = part("lokr_w2") ?? (w2a is not null && w2b is not null ? Factors.Product(w2a, w2b, core) : null);
        if (small is null || large is null)
            return Refuse("layers that lack a factor", module);
        var rank = (int?)(w1b?.shape[0] ?? w2b?.shape[0]);
        var stored = parts.Where(pair => pair.Key.StartsWith("lokr_", StringComparison.Ordinal)).Select(pair => (pair.Key, pair.Value.to(ScalarType.Float32))).ToList();
        return new LokrWeights(module, small, large, rank, alpha(rank ?? 1), stored);
    }

    // Read by LyCORIS' shape; PEFT's (out) and (1, out, 1, 1) are always per output. DoraMagnitude.For fits them to the layer.
    private static AdapterWeights Dressed(AdapterWeights weights, Func<string, Tensor?> part)
    {
        var bias = (part("diff_b") ?? part("b_norm"))?.flatten();
        var dora = part("dora_scale") is { } lengths ? new DoraMagnitude(lengths, lengths.dim() > 1 && lengths.shape[0] == 1 ? DoraNorm.PerInput : DoraNorm.PerOutput)
            : part("magnitude") is { } ofPeft ? new DoraMagnitude(ofPeft.flatten(), DoraNorm.PerOutput)
            : null;
        return weights with { Dora = dora, Bias = bias };
    }

    private AdapterWeights? Refuse(string what, string name)
    {
        _problems.Add((what, name));
        return null;
    }

    private LoraFamily FamilyOf(IEnumerable<string> names)
    {
        var version = _metadata.GetValueOrDefault("ss_base_model_version") ?? _metadata.GetValueOrDefault("modelspec.architecture") ?? "";
        if (version.Contains("xl", StringComparison.OrdinalIgnoreCase) || names.Any(name => name.StartsWith("lora_te2_", StringComparison.Ordinal) || name.StartsWith("text_encoder_2.", StringComparison.Ordinal)))
            return LoraFamily.Sdxl;
        var context = _modules.FirstOrDefault(module => module.Key.EndsWith("attn2_to_k", StringComparison.Ordinal) && module.Value.ContainsKey("lora_down")).Value;
        return context is null ? LoraFamily.Unknown : context["lora_down"].shape[1] switch { 768 => LoraFamily.Sd1, 1024 => LoraFamily.Sd2, 2048 => LoraFamily.Sdxl, _ => LoraFamily.Unknown };
    }
}

/// <summary>Alphas that PEFT keeps outside the tensors: in the metadata (diffusers) or in adapter_config.json beside the file.</summary>
internal static class PeftAlphas
{
    /// <summary>Alphas by kohya's module name; that of every other module under the empty name.</summary>
    public static Dictionary<string, double> Of(string path, IReadOnlyDictionary<string, string> metadata)
    {
        var alphas = new Dictionary<string, double>(StringComparer.Ordinal);
        var beside = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!, "adapter_config.json");
        var text = metadata.GetValueOrDefault("lora_adapter_metadata")
            ?? (System.IO.Path.GetFileName(path).StartsWith("adapter_model", StringComparison.Ordinal) && File.Exists(beside) ? File.ReadAllText(beside) : null);
        if (text is null)
            return alphas;
        try
        {
            using var json = JsonDocument.Parse(text);
            foreach (var property in json.RootElement.EnumerateObject())
            {
                var name = property.Name[(property.Name.IndexOf('.', StringComparison.Ordinal) + 1)..];
                if (name == "lora_alpha" && property.Value.ValueKind == JsonValueKind.Number)
                    alphas[""] = property.Value.GetDouble();
                if (name != "alpha_pattern" || property.Value.ValueKind != JsonValueKind.Object)
                    continue;
                foreach (var module in property.Value.EnumerateObject().Where(module => module.Value.ValueKind == JsonValueKind.Number))
                    alphas[LoraKey.Parse(module.Name + ".alpha")?.Module ?? module.Name] = module.Value.GetDouble();
            }
        }
        catch (JsonException)
        {
            // Notes that cannot be read are no reason to refuse the weights: the scale is 1 then, as without notes.
        }

        return alphas;
    }
}
