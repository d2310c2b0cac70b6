using NotebookKit.Lora.Files;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Kinds;

/// <summary>Reads LoKr; ΔW is in <see cref="LokrWeights"/>.</summary>
internal sealed class LokrKind : AdapterKind
{
    public override string Name => "LoKr";

    public override IReadOnlyDictionary<string, string> Endings { get; } =
        Plain("lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2");

    public override AdapterWeights? Read(LayerTensors layer)
    {
        var stored = layer.Names.Where(name => name.StartsWith("lokr_", StringComparison.Ordinal)).Select(name => (name, layer.Part(name)!))
            .ToList();
        if (stored.Count == 0)
            return null;
        var (w1a, w1b, w2a, w2b, core) = (layer.Part("lokr_w1_a"), layer.Part("lokr_w1_b"), layer.Part("lokr_w2_a"),
            layer.Part("lokr_w2_b"), layer.Part("lokr_t2"));
        var small = layer.Part("lokr_w1") ?? (w1a is not null && w1b is not null ? w1a.mm(w1b) : null);
        var large = layer.Part("lokr_w2") ?? (w2a is not null && w2b is not null ? Factors.Product(w2a, w2b, core) : null);
        if (small is null || large is null)
            throw layer.Unreadable("layers that lack a factor");
        var rank = (int?)(w1b?.shape[0] ?? w2b?.shape[0]);
        return new LokrWeights(layer.Module, small, large, rank, layer.Alpha(rank ?? 1), stored);
    }
}

/// <summary>
/// LoKr: the Kronecker product of a small matrix and a larger one, each whole or as two factors (LyCORIS, Yeh et al.
/// 2023, equation 7). Read, not trained.
/// </summary>
/// <param name="Module">The layer's kohya name.</param>
/// <param name="W1">(a, b), the small one.</param>
/// <param name="W2">(out/a, in/b) or (out/a, in/b, k, k), the larger one, put together from its factors.</param>
/// <param name="Factored">Its rank where it, or the small one, was stored as factors; null where both were whole.</param>
/// <param name="Alpha">The scale's numerator: counts only where there are factors.</param>
/// <param name="Stored">The tensors as the file has them.</param>
public sealed record LokrWeights(string Module, Tensor W1, Tensor W2, int? Factored, double Alpha,
    IReadOnlyList<(string Name, Tensor Tensor)> Stored) : AdapterWeights(Module)
{
    /// <inheritdoc/>
    public override string Kind => "LoKr";

    /// <inheritdoc/>
    public override int? Rank => Factored;

    /// <inheritdoc/>
    public override double Scale => Factored is { } rank ? Alpha / rank : 1;

    /// <inheritdoc/>
    public override double? StoredAlpha => Alpha;

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Tensor)> Parts => Stored;

    internal override IEnumerable<Tensor> Tensors => [.. base.Tensors, W1, W2];

    private protected override AdapterWeights Mapped(Func<Tensor, Tensor> change) => this with
    {
        W1 = change(W1),
        W2 = change(W2),
        Stored = [.. Stored.Select(part => (part.Name, change(part.Tensor)))],
    };

    /// <inheritdoc/>
    protected override Tensor Product(Tensor weight)
    {
        var small = W1.reshape(W1.shape[0], 1, W1.shape[1], 1);                   // (a, 1, b, 1)
        var large = W2.flatten(1).reshape(1, W2.shape[0], 1, -1);                 // (1, out/a, 1, in/b·k·k)
        return (small * large).reshape(W1.shape[0] * W2.shape[0], -1) * Scale;
    }
}
