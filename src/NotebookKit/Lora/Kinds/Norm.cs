using NotebookKit.Lora.Files;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Kinds;

/// <summary>Reads changes of norms; ΔW is in <see cref="NormWeights"/>.</summary>
internal sealed class NormKind : AdapterKind
{
    public override string Name => "LoRA with changes of the norms";

    public override IReadOnlyDictionary<string, string> Endings { get; } = Plain("w_norm", "b_norm");

    public override AdapterWeights? Read(LayerTensors layer) =>
        layer.Part("w_norm") is { } change ? new NormWeights(layer.Module, change.flatten()) : null;
}

/// <summary>What is added to the weight of a norm, and to its bias (LyCORIS' "norm"). Read, not trained.</summary>
/// <param name="Module">The layer's kohya name.</param>
/// <param name="Change">(channels).</param>
public sealed record NormWeights(string Module, Tensor Change) : AdapterWeights(Module)
{
    /// <inheritdoc/>
    public override string Kind => "norm";

    /// <inheritdoc/>
    public override int? Rank => null;

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Tensor)> Parts => [("w_norm", Change)];

    internal override Tensor? Flat() => Change.reshape(1, -1);

    internal override string BiasName => "b_norm";

    private protected override AdapterWeights Mapped(Func<Tensor, Tensor> change) => this with { Change = change(Change) };

    /// <inheritdoc/>
    protected override Tensor Product(Tensor weight) => Change;
}
