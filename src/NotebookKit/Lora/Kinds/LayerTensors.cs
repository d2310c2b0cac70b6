using NotebookKit.Lora.Files;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Kinds;

/// <summary>What a file holds of one layer, by the names that the kinds have for it.</summary>
/// <param name="module">The layer's kohya name.</param>
/// <param name="parts">Its tensors.</param>
/// <param name="outside">The alpha that is kept outside the tensors for a rank; null for none.</param>
/// <param name="shared">The file's tensors that all layers have in common.</param>
internal sealed class LayerTensors(string module, IReadOnlyDictionary<string, Tensor> parts, Func<long, double?> outside,
    IReadOnlyDictionary<string, Tensor> shared)
{
    /// <summary>The layer's kohya name.</summary>
    public string Module => module;

    /// <summary>The names of its tensors.</summary>
    public IEnumerable<string> Names => parts.Keys;

    /// <summary>Whether there is a tensor of that name.</summary>
    public bool Has(string name) => parts.ContainsKey(name);

    /// <summary>A tensor in float32, or null; the factor that LyCORIS' scalar belongs to, multiplied by it.</summary>
    public Tensor? Part(string name) => parts.GetValueOrDefault(name)?.to(ScalarType.Float32) is not { } tensor ? null
        : Number("scalar") is { } scalar && Scaled(name) ? tensor * scalar : tensor;

    // One factor of each product that makes ΔW: LyCORIS multiplies the whole by its learned scalar.
    private bool Scaled(string name) => name is "lora_up" or "hada_w1_a" or "lokr_w1" or "diff" or "a1" or "b1"
        || (name == "lokr_w1_a" && !Has("lokr_w1"));

    /// <summary>A tensor of one number, or null.</summary>
    public double? Number(string name) =>
        parts.TryGetValue(name, out var value) && value.NumberOfElements == 1 ? value.to(ScalarType.Float64).item<double>() : null;

    /// <summary>The scale's numerator: what the layer, or the file, says, and else the rank.</summary>
    public double Alpha(long rank) =>
        Number("scale") * rank ?? Number("alpha") ?? outside(rank) ?? rank;

    /// <summary>A tensor that all layers have in common, in float32, or null.</summary>
    public Tensor? Shared(string name) => shared.GetValueOrDefault(name);

    /// <summary>What a kind says of tensors that are its own but wrong.</summary>
    /// <param name="what">As in <see cref="Files.LoraProblem"/>.</param>
    /// <param name="detail">Stands behind the layer's name.</param>
    public UnreadableLayerException Unreadable(string what, string detail = "") =>
        new(what, detail.Length > 0 ? $"{module} ({detail})" : module, LoraCause.Damage);

    /// <summary>What is said of a layer of a kind that is known and not read.</summary>
    /// <param name="kind">Such as BOFT.</param>
    public UnreadableLayerException Unread(string kind) =>
        new($"layers of a kind that is not read here ({kind})", module, LoraCause.UnreadKind);
}

/// <summary>A layer of a file that is left out, and why.</summary>
/// <param name="what">As in <see cref="Files.LoraProblem"/>.</param>
/// <param name="name">The layer.</param>
/// <param name="cause">Where it comes from.</param>
internal sealed class UnreadableLayerException(string what, string name, LoraCause cause) : Exception($"{name}: {what}")
{
    /// <summary>Where it comes from.</summary>
    public LoraCause Cause => cause;

    /// <summary>What is wrong.</summary>
    public string What => what;

    /// <summary>The layer.</summary>
    public string Layer => name;
}
