using static TorchSharp.torch;

namespace NotebookKit.Tests;

/// <summary>
/// How far two computations of the same numbers may lie apart, from what is computed and not from the machine it was tried
/// on: another processor, another kernel, another number of threads adds in another order.
/// </summary>
internal static class Rounding
{
    /// <summary>Additions on the deepest way through the miniature networks of the tests: 60 layers of at most 32 channels under 3×3
    /// kernels.</summary>
    public const long Network = 60 * 32 * 9;

    // Half of float32's epsilon: the most, relatively, that one rounding changes.
    private const double Unit = 1.0 / (1 << 24);

    /// <summary>
    /// For a sum of many terms in float32. Each partial sum is rounded once, and roundings are as good as random, so that
    /// n of them make √n of one (Higham and Mary 2019); eight of those cover both computations with all but certainty.
    /// </summary>
    /// <param name="terms">Additions on the longest way from the inputs to a number: of products in a row, the sum of theirs.</param>
    /// <param name="magnitude">The largest absolute value, of the result or of what is summed to it; a norm for a norm.</param>
    public static double Of(long terms, double magnitude) => 8 * Unit * Math.Sqrt(terms) * magnitude;

    /// <summary>Claims that a tensor is another but for <see cref="Of"/> at its largest value.</summary>
    public static void Same(Tensor expected, Tensor found, long terms)
    {
        Assert.Equal(expected.shape, found.shape);
        using var scope = NewDisposeScope();
        var (want, have) = (expected.detach().to(ScalarType.Float64), found.detach().to(ScalarType.Float64));
        Assert.InRange((want - have).abs().max().item<double>(), 0, Of(terms, want.abs().max().item<double>()));
    }
}
