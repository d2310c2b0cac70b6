using NotebookKit.Checkpoints;
using NotebookKit.Lora.Kinds;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Files;

/// <summary>Puts a file's tensors together into adapters, and says what does not fit together.</summary>
internal sealed class LoraReader
{
    private const string EmbeddingPrefix = "bundle_emb.";

    // What tools call the second text encoder, which only SDXL has.
    private static readonly string[] Second = ["text_encoder_2.", "clip_g.", "te2."];

    private readonly string _path;
    private readonly IReadOnlyDictionary<string, string> _metadata;
    private readonly SortedDictionary<string, SortedDictionary<string, Tensor>> _modules = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Tensor> _shared = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Tensor> _embeddings = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _paths = new(StringComparer.Ordinal);
    private readonly List<(string What, string Name, LoraCause Cause)> _problems = [];
    private readonly PeftConfig _config;

    private LoraReader(string path, IReadOnlyDictionary<string, string> metadata)
    {
        _path = path;
        _metadata = metadata;
        _config = PeftConfig.Of(path, metadata);
        _problems.AddRange(_config.Problems.Select(problem => (problem.What, problem.Name, LoraCause.UnreadKind)));
    }

    public static LoraFile Read(string path)
    {
        path = AdapterFolder.FileFor(path);
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
            else if (AdapterKind.SharedTensor(name) is { } common)
                _shared[common] = tensor.to(ScalarType.Float32);
            else if (LoraKey.Parse(name) is { } key && (_paths[key.Module] = key.Path) is not null)
                (_modules.TryGetValue(key.Module, out var parts) ? parts
                    : _modules[key.Module] = new(StringComparer.Ordinal))[key.Part] = tensor;
            else
                _problems.Add(("tensors that are no part of a LoRA", name, LoraCause.ForeignNames));
        }

        if (_modules.Count == 0 && unnamed.Count == 0)
            throw new BadInputException($"{_path} {NoLora.Told(_path, tensors.Keys)}");
        var modules = new List<AdapterWeights>();
        foreach (var (name, parts) in _modules)
        {
            if (Whole(name, parts) is { } weights)
                modules.Add(weights);
        }

        return new LoraFile(modules, _metadata)
        {
            Path = _path,
            Problems = [.. _problems.GroupBy(problem => (problem.What, problem.Cause)).Select(group =>
                new LoraProblem(group.Key.What, [.. group.Select(problem => problem.Name)]) { Cause = group.Key.Cause })],
            Embeddings = _embeddings,
            Unnamed = unnamed,
            Family = FamilyOf(tensors.Keys),
        };
    }

    private AdapterWeights? Whole(string module, SortedDictionary<string, Tensor> parts)
    {
        var weights = Read(new LayerTensors(module, parts, rank => _config.Alpha(_paths[module], rank), _shared));
        if (weights is null)
            return null;
        if (weights.IsFinite())
            return weights;
        _problems.Add((LoraProblem.NotFinite, module, LoraCause.NotFinite));
        return null;
    }

    private AdapterWeights? Read(LayerTensors layer)
    {
        try
        {
            return AdapterKind.All.Select(kind => kind.Read(layer)).FirstOrDefault(weights => weights is not null) is { } found
                ? Dressed(found, layer.Part)
                : throw layer.Unreadable("layers that lack their weights");
        }
        catch (UnreadableLayerException e)
        {
            _problems.Add((e.What, e.Layer, e.Cause));
            return null;
        }
    }

    // Read by LyCORIS' shape; PEFT's (out) and (1, out, 1, 1) are always per output. DoraMagnitude.For fits them to the layer.
    private static AdapterWeights Dressed(AdapterWeights weights, Func<string, Tensor?> part)
    {
        // PEFT's lora_bias stands behind the up weights, so the scale counts for it too.
        var bias = (part("diff_b") ?? part("b_norm") ?? (part("lora_bias") is { } behind ? behind * weights.Scale : null))?.flatten();
        var dora = part("dora_scale") is { } lengths
            ? new DoraMagnitude(lengths, lengths.dim() > 1 && lengths.shape[0] == 1 ? DoraNorm.PerInput : DoraNorm.PerOutput)
            : part("magnitude") is { } ofPeft ? new DoraMagnitude(ofPeft.flatten(), DoraNorm.PerOutput)
            : null;
        return weights with { Dora = dora, Bias = bias };
    }

    private LoraFamily FamilyOf(IEnumerable<string> names)
    {
        var version = _metadata.GetValueOrDefault("ss_base_model_version") ?? _metadata.GetValueOrDefault("modelspec.architecture") ?? "";
        if (version.Contains("xl", StringComparison.OrdinalIgnoreCase)
            || names.Any(name => name.StartsWith("lora_te2_", StringComparison.Ordinal)
                || Second.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal))))
            return LoraFamily.Sdxl;
        var context = _modules.FirstOrDefault(module => module.Key.EndsWith("attn2_to_k", StringComparison.Ordinal)
            && module.Value.ContainsKey("lora_down")).Value;
        return context is null ? LoraFamily.Unknown : context["lora_down"].shape[1] switch
        {
            768 => LoraFamily.Sd1,
            1024 => LoraFamily.Sd2,
            2048 => LoraFamily.Sdxl,
            _ => LoraFamily.Unknown
        };
    }
}
