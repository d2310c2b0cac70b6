using NotebookKit.Lora.Files;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Lora.Adapters;

/// <summary>
/// LoRA: <c>y = W x + multiplier · alpha / rank · up(down(x))</c> (Hu et al. 2021, equation 3). <c>down</c> squeezes the input
/// to <c>rank</c> numbers, <c>up</c> spreads them to the output. Up starts at zero, so a fresh adapter changes nothing. A 3×3
/// convolution gets a 3×3 down and a 1×1 up, as in LoCon.
/// </summary>
/// <param name="target">The layer to adapt: a Linear or a Conv2d.</param>
/// <param name="down">(rank, in) for a Linear, (rank, in, k, k) for a convolution.</param>
/// <param name="up">(out, rank) for a Linear, (out, rank, 1, 1) for a convolution.</param>
/// <param name="alpha">The scale's numerator; alpha equal to the rank means a scale of 1.</param>
public class LoraLayer(Module<Tensor, Tensor> target, Tensor down, Tensor up, double alpha) : Adapter(target)
{
    /// <summary>The weights that squeeze: (rank, in) or (rank, in, k, k).</summary>
    public Parameter Down { get; } = Own(down);

    /// <summary>The weights that spread: (out, rank) or (out, rank, 1, 1).</summary>
    public Parameter Up { get; } = Own(up);

    /// <summary>The scale's numerator: the adapter counts <c>Alpha / Rank</c> times.</summary>
    public double Alpha { get; } = alpha;

    /// <summary>How many numbers pass between down and up.</summary>
    public int Rank => (int)Down.shape[0];

    /// <summary>What up(down(x)) is multiplied by.</summary>
    public double Scale => Alpha / Rank;

    /// <inheritdoc/>
    public override string Kind => "LoRA";

    /// <inheritdoc/>
    public override IEnumerable<Parameter> Parameters => [Down, Up];

    internal LoraDropout Dropout { get; init; }

    internal override ScalarType DType => Down.dtype;

    internal override bool CanSum => Dropout.Share == 0 && DType == ScalarType.Float32; // dropout falls between down and up

    /// <inheritdoc/>
    public override AdapterWeights Weights(string module) => new LoraWeights(module, Down, Up, Alpha);

    // The adapter may be float32 beside a half-precision base.
    private protected override Tensor Add(Tensor x, Tensor y) => y.add(Share(x.to(DType)).to(y.dtype), Multiplier * Scale);

    private protected override Tensor Change() => (Product() * Scale).reshape(WeightShape);

    // As adding Change is, in one call.
    internal override Tensor AddTo(Tensor weight) =>
        weight.flatten(1).addmm(Up.flatten(1), Down.flatten(1), 1, (float)(Multiplier * Scale)).view(weight.shape);

    /// <summary>up(down(x)): (…, out) or (B, out, H', W').</summary>
    internal virtual Tensor Share(Tensor x) => Spread(Dropout.Of(Squeeze(x)));

    /// <summary>up · down: (out, in·k·k).</summary>
    internal virtual Tensor Product() => Product(Up, Down);

    /// <summary>The product of two thin matrices, or of the kernels of two convolutions: (out, in·k·k).</summary>
    internal static Tensor Product(Tensor up, Tensor down) => up.flatten(1).mm(down.flatten(1));

    private protected virtual Tensor Squeeze(Tensor x) => Apply(x, Down); // (…, rank) or (B, rank, H', W')

    private Tensor Spread(Tensor squeezed) => Convolution is null ? functional.linear(squeezed, Up) : functional.conv2d(squeezed, Up);
}
