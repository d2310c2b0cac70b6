using NotebookKit.Lora.Files;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Kinds;

/// <summary>Reads LoHa; ΔW is in <see cref="LohaWeights"/>.</summary>
internal sealed class LohaKind : AdapterKind
{
    public override string Name => "LoHa";

    public override IReadOnlyDictionary<string, string> Endings { get; } =
        Plain("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2");

    public override AdapterWeights? Read(LayerTensors layer) =>
        layer.Part("hada_w1_a") is { } w1a && layer.Part("hada_w1_b") is { } w1b && layer.Part("hada_w2_a") is { } w2a
            && layer.Part("hada_w2_b") is { } w2b
            ? new LohaWeights(layer.Module, w1a, w1b, w2a, w2b, layer.Alpha(w1b.shape[0]), layer.Part("hada_t1"), layer.Part("hada_t2"))
            : null;
}

/// <summary>
/// LoHa: the elementwise product of two low-rank matrices, ΔW = alpha / rank · (w1_a · w1_b) ∘ (w2_a · w2_b) (Hyeon-Woo et
/// al. 2021, FedPara; LyCORIS, Yeh et al. 2023). Read, not trained.
/// </summary>
/// <param name="Module">The layer's kohya name.</param>
/// <param name="W1A">(out, rank), or (rank, out) beside a core.</param>
/// <param name="W1B">(rank, in·k·k), or (rank, in) beside a core.</param>
/// <param name="W2A">As <paramref name="W1A"/>.</param>
/// <param name="W2B">As <paramref name="W1B"/>.</param>
/// <param name="Alpha">The scale's numerator; the rank where the file gives none.</param>
/// <param name="T1">The core of a CP-decomposed convolution, (rank, rank, k, k), or null.</param>
/// <param name="T2">As <paramref name="T1"/>.</param>
public sealed record LohaWeights(string Module, Tensor W1A, Tensor W1B, Tensor W2A, Tensor W2B, double Alpha, Tensor? T1 = null,
    Tensor? T2 = null) : AdapterWeights(Module)
{
    /// <inheritdoc/>
    public override string Kind => "LoHa";

    /// <inheritdoc/>
    public override int? Rank => (int)W1B.shape[0];

    /// <inheritdoc/>
    public override double Scale => Alpha / W1B.shape[0];

    /// <inheritdoc/>
    public override double? StoredAlpha => Alpha;

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Tensor)> Parts =>
        [("hada_w1_a", W1A), ("hada_w1_b", W1B), ("hada_w2_a", W2A), ("hada_w2_b", W2B), .. T1 is null ? [] : new[] { ("hada_t1", T1) },
            .. T2 is null ? [] : new[] { ("hada_t2", T2) }];

    private protected override AdapterWeights Mapped(Func<Tensor, Tensor> change) => this with
    {
        W1A = change(W1A),
        W1B = change(W1B),
        W2A = change(W2A),
        W2B = change(W2B),
        T1 = T1 is null ? null : change(T1),
        T2 = T2 is null ? null : change(T2),
    };

    /// <inheritdoc/>
    protected override Tensor Product(Tensor weight) =>
        Factors.Product(W1A, W1B, T1).flatten(1) * Factors.Product(W2A, W2B, T2).flatten(1) * Scale;
}
