using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.ToyWorld.Pretraining;

/// <summary>
/// AdamW (Loshchilov and Hutter, 2019, algorithm 2) on a flat vector of weights with a learning rate per weight, after
/// clipping the gradient's norm. On the CPU it goes through the vectors in pieces that stay in a core's cache.
/// </summary>
internal sealed class FlatAdamW : IDisposable
{
    private const long CpuPiece = 1 << 15;
    private readonly TrainerSettings settings;
    private readonly Tensor gradient;
    private readonly List<Tensor[]> pieces;
    private long steps;

    /// <summary>Prepares for these weights.</summary>
    public FlatAdamW(FlatParameters parameters, Tensor rates, TrainerSettings settings)
    {
        this.settings = settings;
        gradient = parameters.Gradient;
        First = zeros_like(gradient);
        Second = zeros_like(gradient);
        var length = gradient.numel();
        var piece = gradient.device.type == DeviceType.CPU ? CpuPiece : length;
        pieces = [];
        for (long at = 0; at < length; at += piece)
            pieces.Add([.. new[] { parameters.Values, gradient, First, Second, rates }.Select(v => v.narrow(0, at, Math.Min(piece, length - at)))]);
    }

    /// <summary>The running mean of the gradient, (P).</summary>
    public Tensor First { get; }

    /// <summary>The running mean of its square, (P).</summary>
    public Tensor Second { get; }

    /// <summary>Updates done, which the bias correction needs.</summary>
    public long Steps
    {
        get => steps;
        set => steps = value;
    }

    /// <summary>One update at a learning rate.</summary>
    public void Step(double rate)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        steps++;
        var shrink = (settings.ClipNorm / (gradient.norm() + 1e-6)).clamp_max(1.0);
        var correct1 = 1 - Math.Pow(settings.Beta1, steps);
        var correct2 = Math.Sqrt(1 - Math.Pow(settings.Beta2, steps));
        foreach (var piece in pieces)
        {
            using var inner = NewDisposeScope();
            var (weights, gradient, first, second, rates) = (piece[0], piece[1], piece[2], piece[3], piece[4]);
            gradient.mul_(shrink);
            first.mul_(settings.Beta1).add_(gradient, 1 - settings.Beta1);
            second.mul_(settings.Beta2).addcmul_(gradient, gradient, 1 - settings.Beta2);
            var size = second.sqrt().div_(correct2).add_(1e-8);
            var update = first.div(size).div_(correct1).add_(weights, settings.WeightDecay).mul_(rates);
            weights.add_(update, -rate);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var view in pieces.SelectMany(p => p))
            view.Dispose();
        First.Dispose();
        Second.Dispose();
    }
}
