using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Lora;

/// <summary>
/// One low-rank adapter beside one linear or convolution layer:
/// <c>y = W x + multiplier · alpha / rank · up(down(x))</c> (Hu et al. 2021, LoRA, equation 3).
/// </summary>
/// <remarks>
/// <c>down</c> squeezes the input to <c>rank</c> numbers, <c>up</c> spreads them to the output. Up starts at zero, so a
/// fresh adapter changes nothing. A 3×3 convolution gets a 3×3 down and a 1×1 up, as in LoCon.
/// </remarks>
public sealed class LoraLayer : IDisposable
{
    private readonly Conv2d? _convolution;

    /// <summary>Wraps weights that exist already, such as those of a file.</summary>
    /// <param name="target">The layer to adapt: a Linear or a Conv2d.</param>
    /// <param name="down">(rank, in) for a Linear, (rank, in, k, k) for a convolution.</param>
    /// <param name="up">(out, rank) for a Linear, (out, rank, 1, 1) for a convolution.</param>
    /// <param name="alpha">The scale's numerator; alpha equal to the rank means a scale of 1.</param>
    public LoraLayer(Module<Tensor, Tensor> target, Tensor down, Tensor up, double alpha)
    {
        _convolution = target as Conv2d;
        Down = new Parameter(down.detach(), requires_grad: false);
        Up = new Parameter(up.detach(), requires_grad: false);
        Alpha = alpha;
        Down.DetachFromDisposeScope();
        Up.DetachFromDisposeScope();
    }

    /// <summary>The weights that squeeze: (rank, in) or (rank, in, k, k).</summary>
    public Parameter Down { get; }

    /// <summary>The weights that spread: (out, rank) or (out, rank, 1, 1).</summary>
    public Parameter Up { get; }

    /// <summary>The scale's numerator: the adapter counts <c>Alpha / Rank</c> times.</summary>
    public double Alpha { get; }

    /// <summary>How many numbers pass between down and up.</summary>
    public int Rank => (int)Down.shape[0];

    /// <summary>How strongly the adapter counts: 0 is off, 1 as trained; any number works.</summary>
    public double Multiplier { get; set; } = 1;

    private double Scale => Multiplier * Alpha / Rank;

    /// <summary>Adds the adapter's share to what the layer made of its input.</summary>
    /// <param name="x">The layer's input: (…, in) or (B, in, H, W).</param>
    /// <param name="y">The layer's own output: (…, out) or (B, out, H', W').</param>
    /// <returns>y itself when the multiplier is 0, else y + scale · up(down(x)).</returns>
    public Tensor Forward(Tensor x, Tensor y)
    {
        if (Multiplier == 0)
            return y;
        var dtype = Down.dtype;
        var input = x.dtype == dtype ? x : x.to(dtype); // the adapter may be float32 beside a half-precision base
        using var squeezed = _convolution is null
            ? functional.linear(input, Down)                                                              // (…, rank)
            : functional.conv2d(input, Down, null, _convolution.stride, _convolution.padding);            // (B, rank, H', W')
        using var delta = _convolution is null ? functional.linear(squeezed, Up) : functional.conv2d(squeezed, Up);
        return y.add(y.dtype == dtype ? delta : delta.to(y.dtype), Scale);
    }

    /// <summary>
    /// The change that the adapter makes to the layer's weight at its multiplier, ΔW = scale · up · down, in the
    /// weight's own shape: (out, in) or (out, in, k, k).
    /// </summary>
    public Tensor Delta()
    {
        using var grad = no_grad();
        var flat = Up.flatten(1).matmul(Down.flatten(1)) * Scale; // (out, rank) · (rank, in·k·k)
        return _convolution is null ? flat : flat.reshape([Up.shape[0], .. Down.shape[1..]]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Down.Dispose();
        Up.Dispose();
    }
}
