using NotebookKit.Lora.Files;
using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Lora.Adapters;

/// <summary>
/// One low-rank adapter beside one linear or convolution layer:
/// <c>y = W x + multiplier · scale · up(down(x))</c> with <c>scale = alpha / rank</c> (Hu et al. 2021, LoRA, equation 3).
/// </summary>
/// <remarks>
/// <c>down</c> squeezes the input to <c>rank</c> numbers, <c>up</c> spreads them to the output. Up starts at zero, so a
/// fresh adapter changes nothing. A 3×3 convolution gets a 3×3 down and a 1×1 up, as in LoCon.
/// </remarks>
public sealed class LoraLayer : Adapter
{
    private readonly Tensor? _startDown; // PiSSA: what the adapter began with counts as the base's
    private readonly Tensor? _startUp;
    private readonly Parameter? _weight; // DoRA looks at the base's weight
    private readonly DoraNorm _norm;
    private readonly bool _rsLora;

    /// <summary>Wraps weights that exist already, such as those of a file.</summary>
    /// <param name="target">The layer to adapt: a Linear or a Conv2d.</param>
    /// <param name="down">(rank, in) for a Linear, (rank, in, k, k) for a convolution.</param>
    /// <param name="up">(out, rank) for a Linear, (out, rank, 1, 1) for a convolution.</param>
    /// <param name="alpha">The scale's numerator; alpha equal to the rank means a scale of 1.</param>
    /// <param name="mid">The core of a CP-decomposed convolution, (rank, rank, k, k); down has 1×1 kernels then.</param>
    public LoraLayer(Module<Tensor, Tensor> target, Tensor down, Tensor up, double alpha, Tensor? mid = null) : base(target)
    {
        Down = Own(down);
        Up = Own(up);
        Mid = mid is null ? null : Own(mid);
        Alpha = alpha;
    }

    /// <summary>A new adapter by options.</summary>
    internal LoraLayer(LoraModule module, Tensor down, Tensor up, double alpha, LoraOptions options) : this(module.Layer, down, up, alpha)
    {
        Dropout = options.Dropout;
        _rsLora = options.RsLora;
        if (options.Init == LoraInit.Pissa)
            (_startDown, _startUp) = (Down.detach().clone().DetachFromDisposeScope(), Up.detach().clone().DetachFromDisposeScope());
        if (options.Dora is { } norm)
        {
            _weight = module.Weight;
            _norm = norm;
            Magnitude = Own(DoraMagnitude.LengthsOf(_weight.detach().to(ScalarType.Float32), norm));
        }
    }

    /// <summary>The weights that squeeze: (rank, in) or (rank, in, k, k).</summary>
    public Parameter Down { get; }

    /// <summary>The core of a CP-decomposed convolution between down and up, or null.</summary>
    public Parameter? Mid { get; }

    /// <summary>The weights that spread: (out, rank) or (out, rank, 1, 1).</summary>
    public Parameter Up { get; }

    /// <summary>DoRA's lengths, or null.</summary>
    public Parameter? Magnitude { get; }

    /// <summary>The scale's numerator: the adapter counts <c>Alpha / Rank</c> times.</summary>
    public double Alpha { get; }

    /// <summary>How many numbers pass between down and up.</summary>
    public int Rank => (int)Down.shape[0];

    /// <summary>The share of the squeezed numbers that is zero while gradients are recorded, and the rest the larger for it.</summary>
    public double Dropout { get; }

    /// <summary>What up(down(x)) is multiplied by: alpha / rank, or alpha / √rank for rsLoRA.</summary>
    public double Scale => _rsLora ? Alpha / Math.Sqrt(Rank) : Alpha / Rank;

    /// <inheritdoc/>
    public override string Kind => Magnitude is not null ? "DoRA" : Mid is not null ? "LoRA (CP)" : "LoRA";

    /// <inheritdoc/>
    public override IEnumerable<Parameter> Parameters =>
        [Down, .. Mid is null ? [] : new[] { Mid }, Up, .. Magnitude is null ? [] : new[] { Magnitude }];

    internal override ScalarType DType => Down.dtype;

    /// <summary>Whether its change can be added to the weight in a training step: dropout falls on what passes between down and up.</summary>
    internal bool CanSum => Dropout == 0 && DType == ScalarType.Float32;

    /// <summary>The weight with the change at the multiplier added, through which backward goes.</summary>
    /// <param name="weight">(out, in) or (out, in, k, k).</param>
    internal Tensor AddTo(Tensor weight) => Multiplier == 0 ? weight
        : Magnitude is not null || Mid is not null || _startDown is not null ? weight.add(Change(), Multiplier)
        : Convolution is null ? weight.addmm(Up, Down, 1, (float)(Multiplier * Scale))
        : weight.flatten(1).addmm(Up.flatten(1), Down.flatten(1), 1, (float)(Multiplier * Scale)).view(weight.shape);

    /// <inheritdoc/>
    public override Tensor Delta()
    {
        using var grad = no_grad();
        return Change() * Multiplier;
    }

    /// <inheritdoc/>
    public override AdapterWeights Weights(string module)
    {
        using var grad = no_grad();
        var alpha = Scale * Rank;
        if (_startDown is null)
            return new LoraWeights(module, Down, Up, alpha, Mid) { Dora = Magnitude is null ? null : new DoraMagnitude(Magnitude, _norm) };
        // The change since the start is a LoRA of twice the rank: up · down − up₀ · down₀.
        return new LoraWeights(module, cat([Down, _startDown], 0), cat([Up, -_startUp!], 1), Scale * 2 * Rank);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var parameter in Parameters)
            parameter.Dispose();
        _startDown?.Dispose();
        _startUp?.Dispose();
    }

    private protected override Tensor Add(Tensor x, Tensor y)
    {
        var dtype = Down.dtype;
        var input = x.dtype == dtype ? x : x.to(dtype); // the adapter may be float32 beside a half-precision base
        if (Magnitude is not null)
            return y.add(Apply(input, Change()).to(y.dtype), Multiplier);

        var squeezed = Squeeze(input, Down);                                        // (…, rank) or (B, rank, H', W')
        if (Dropout > 0 && GradientCheckpoint.Recording)
            squeezed = functional.dropout(squeezed, Dropout, training: true);
        var scale = Multiplier * Scale;
        var share = Spread(squeezed, Up);                                           // (…, out) or (B, out, H', W')
        if (_startDown is not null)
            share = share - Spread(Squeeze(input, _startDown), _startUp!);
        return y.add(y.dtype == dtype ? share : share.to(y.dtype), scale);
    }

    // (out, in) or (out, in, k, k) at multiplier 1, gradients recorded where they are asked for.
    private Tensor Change()
    {
        var product = Up.flatten(1).mm(Down.flatten(1));                        // (out, rank) · (rank, in·k·k)
        if (_startDown is not null)
            product = product - _startUp!.flatten(1).mm(_startDown.flatten(1));
        if (Mid is not null)
            product = new LoraWeights("", Down, Up, Rank, Mid).Matrix();
        product = (product * Scale).reshape(Convolution is null ? [Up.shape[0], Down.shape[1]] : [Up.shape[0], Down.shape[1], .. (Mid ?? Down).shape[2..]]);
        return Magnitude is null ? product : new DoraMagnitude(Magnitude, _norm).Change(_weight!.detach().to(ScalarType.Float32), product);
    }

    private Tensor Squeeze(Tensor x, Tensor down) => Convolution is null ? functional.linear(x, down)
        : Mid is null ? Apply(x, down)
        : Apply(functional.conv2d(x, down), Mid);

    private Tensor Spread(Tensor squeezed, Tensor up) => Convolution is null ? functional.linear(squeezed, up) : functional.conv2d(squeezed, up);

    private static Parameter Own(Tensor values)
    {
        var parameter = new Parameter(values.detach(), requires_grad: false);
        parameter.DetachFromDisposeScope();
        return parameter;
    }
}
