namespace NotebookKit.Tests;

/// <summary>
/// How far two computations of the same numbers may lie apart, from what is computed and not from the machine it was tried
/// on: another processor, another kernel, another number of threads adds in another order.
/// </summary>
internal static class Rounding
{
    // Half of float32's epsilon: the most, relatively, that one rounding changes.
    private const double Unit = 1.0 / (1 << 24);

    /// <summary>
    /// For a sum of many terms in float32. Each partial sum is rounded once, and roundings are as good as random, so that
    /// n of them make √n of one (Higham and Mary 2019); eight of those cover both computations with all but certainty.
    /// </summary>
    /// <param name="terms">Additions on the longest way from the inputs to a number: of one product (in), of several in a row their sum.</param>
    /// <param name="magnitude">The largest absolute value, of the result or of what is summed to it.</param>
    public static double Of(long terms, double magnitude) => 8 * Unit * Math.Sqrt(terms) * magnitude;
}
