using NotebookKit.Lora.Files;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Kinds;

/// <summary>Reads (IA)³; ΔW is in <see cref="Ia3Weights"/>.</summary>
internal sealed class Ia3Kind : AdapterKind
{
    public override string Name => "(IA)³";

    public override IReadOnlyDictionary<string, string> Endings { get; } = Plain("weight", "on_input");

    public override AdapterWeights? Read(LayerTensors layer) =>
        layer.Part("weight") is { } factors && layer.Has("on_input")
            ? new Ia3Weights(layer.Module, factors.flatten(), layer.Number("on_input") > 0) : null;
}

/// <summary>
/// (IA)³: one number for each output of a layer, or for each input, that its weight is multiplied by, ΔW = w ∘ W (Liu et al.
/// 2022, as LyCORIS stores it). Read, not trained.
/// </summary>
/// <param name="Module">The layer's kohya name.</param>
/// <param name="Factors">(out) or (in): what is added to 1.</param>
/// <param name="OnInput">Whether the numbers belong to the inputs.</param>
public sealed record Ia3Weights(string Module, Tensor Factors, bool OnInput) : AdapterWeights(Module)
{
    /// <inheritdoc/>
    public override string Kind => "(IA)³";

    /// <inheritdoc/>
    public override int? Rank => null;

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Tensor)> Parts => [("weight", Factors), ("on_input", tensor(OnInput ? 1f : 0f))];

    internal override IEnumerable<Tensor> Tensors => [Factors, .. Bias is null ? [] : new[] { Bias }];

    internal override Tensor? Flat() => null;

    private protected override AdapterWeights Mapped(Func<Tensor, Tensor> change) => this with { Factors = change(Factors) };

    /// <inheritdoc/>
    protected override Tensor Product(Tensor weight)
    {
        var axis = OnInput ? 1 : 0;
        if (weight.dim() < 2 || Factors.NumberOfElements != weight.shape[axis])
            throw new BadInputException($"{Module} has {Factors.NumberOfElements} factors, but the layer's weight is "
                + $"{LoraFile.Shape(weight)} here; use the base it was trained on.");
        var shape = Enumerable.Repeat(1L, (int)weight.dim()).ToArray();
        shape[axis] = weight.shape[axis];
        return weight.to(ScalarType.Float32) * Factors.reshape(shape);
    }
}
