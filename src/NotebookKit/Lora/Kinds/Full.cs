using NotebookKit.Lora.Files;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Kinds;

/// <summary>Reads changes that are stored whole; ΔW is in <see cref="FullWeights"/>.</summary>
internal sealed class FullKind : AdapterKind
{
    public override string Name => "full differences";

    public override IReadOnlyDictionary<string, string> Endings { get; } = Plain("diff", "diff.weight");

    public override AdapterWeights? Read(LayerTensors layer) =>
        layer.Part("diff") is { } change ? new FullWeights(layer.Module, change) : null;
}

/// <summary>The whole change, stored as it is: LyCORIS' "full".</summary>
/// <param name="Module">The layer's kohya name.</param>
/// <param name="Change">ΔW in the weight's shape.</param>
public sealed record FullWeights(string Module, Tensor Change) : AdapterWeights(Module)
{
    /// <inheritdoc/>
    public override string Kind => "full";

    /// <inheritdoc/>
    public override int? Rank => null;

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Tensor)> Parts => [("diff", Change)];

    private protected override AdapterWeights Mapped(Func<Tensor, Tensor> change) => this with { Change = change(Change) };

    /// <inheritdoc/>
    protected override Tensor Product(Tensor weight) => Change;
}
