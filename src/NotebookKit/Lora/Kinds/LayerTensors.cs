using static TorchSharp.torch;

namespace NotebookKit.Lora.Kinds;

/// <summary>What a file holds of one layer, by the names that the kinds have for it.</summary>
/// <param name="module">The layer's kohya name.</param>
/// <param name="parts">Its tensors.</param>
/// <param name="alphas">Alphas that are kept outside the tensors, by layer; that of every other layer under the empty name.</param>
/// <param name="shared">The file's tensors that all layers have in common.</param>
internal sealed class LayerTensors(string module, IReadOnlyDictionary<string, Tensor> parts, IReadOnlyDictionary<string, double> alphas,
    IReadOnlyDictionary<string, Tensor> shared)
{
    /// <summary>The layer's kohya name.</summary>
    public string Module => module;

    /// <summary>The names of its tensors.</summary>
    public IEnumerable<string> Names => parts.Keys;

    /// <summary>Whether there is a tensor of that name.</summary>
    public bool Has(string name) => parts.ContainsKey(name);

    /// <summary>A tensor in float32, or null.</summary>
    public Tensor? Part(string name) => parts.GetValueOrDefault(name)?.to(ScalarType.Float32);

    /// <summary>A tensor of one number, or null.</summary>
    public double? Number(string name) =>
        parts.TryGetValue(name, out var value) && value.NumberOfElements == 1 ? value.to(ScalarType.Float64).item<double>() : null;

    /// <summary>The scale's numerator: what the layer, or the file, says, and else the rank.</summary>
    public double Alpha(long rank) =>
        Number("scale") * rank ?? Number("alpha") ?? alphas.GetValueOrDefault(module, alphas.GetValueOrDefault("", rank));

    /// <summary>A tensor that all layers have in common, in float32, or null.</summary>
    public Tensor? Shared(string name) => shared.GetValueOrDefault(name);

    /// <summary>What a kind says of tensors that are its own but wrong.</summary>
    /// <param name="what">As in <see cref="Files.LoraProblem"/>.</param>
    /// <param name="detail">Stands behind the layer's name.</param>
    public UnreadableLayerException Unreadable(string what, string detail = "") =>
        new(what, detail.Length > 0 ? $"{module} ({detail})" : module);
}

/// <summary>A layer of a file that is left out, and why.</summary>
/// <param name="what">As in <see cref="Files.LoraProblem"/>.</param>
/// <param name="name">The layer.</param>
internal sealed class UnreadableLayerException(string what, string name) : Exception($"{name}: {what}")
{
    /// <summary>What is wrong.</summary>
    public string What => what;

    /// <summary>The layer.</summary>
    public string Layer => name;
}
