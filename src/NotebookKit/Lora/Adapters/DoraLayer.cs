using NotebookKit.Lora.Files;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Adapters;

/// <summary>
/// DoRA: a LoRA turns the weight, and a length of its own stretches it, ΔW = m · (W + s · up · down) / ‖W + s · up · down‖ − W
/// (Liu et al. 2024, equation 5). The lengths start as the weight's, so a fresh adapter changes nothing.
/// </summary>
/// <param name="module">The layer to adapt, whose weight DoRA looks at.</param>
/// <param name="down">As of <see cref="LoraLayer"/>.</param>
/// <param name="up">As of <see cref="LoraLayer"/>.</param>
/// <param name="alpha">The scale's numerator.</param>
/// <param name="norm">Over what a length is taken.</param>
internal sealed class DoraLayer(LoraModule module, Tensor down, Tensor up, double alpha, DoraNorm norm) : LoraLayer(module.Layer, down, up,
    alpha)
{
    /// <summary>The learned lengths: (out, 1, …) or (1, in, …).</summary>
    public Parameter Magnitude { get; } = Own(DoraMagnitude.LengthsOf(module.Weight.detach().to(ScalarType.Float32), norm));

    public override string Kind => "DoRA";

    public override IEnumerable<Parameter> Parameters => [.. base.Parameters, Magnitude];

    public override AdapterWeights Weights(string module) => base.Weights(module) with { Dora = new DoraMagnitude(Magnitude, norm) };

    private protected override Tensor Change() =>
        new DoraMagnitude(Magnitude, norm).Change(module.Weight.detach().to(ScalarType.Float32), base.Change());

    // The lengths need the whole matrix.
    private protected override Tensor Add(Tensor x, Tensor y) => AddWhole(x, y);

    internal override Tensor AddTo(Tensor weight) => AddWholeTo(weight);
}
