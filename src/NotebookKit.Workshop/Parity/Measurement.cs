using static TorchSharp.torch;

namespace NotebookKit.Workshop.Parity;

/// <summary>Compares results with references and remembers the one that came nearest to its tolerance.</summary>
internal sealed class Measurement
{
    private double _worstRatio = -1;

    /// <summary>The error that stands for the case.</summary>
    public double Error { get; private set; }

    /// <summary>Its tolerance.</summary>
    public double Tolerance { get; private set; }

    /// <summary>What was compared there.</summary>
    public string What { get; private set; } = "";

    /// <summary>Whether anything was compared at all.</summary>
    public bool Empty => _worstRatio < 0;

    /// <summary>Whether every error kept to its tolerance.</summary>
    public bool Passed => _worstRatio is >= 0 and <= 1;

    /// <summary>Takes one error in. What is not a number is beyond every tolerance.</summary>
    public void Add(string what, double error, double tolerance)
    {
        var ratio = double.IsNaN(error) || double.IsNaN(tolerance) ? double.PositiveInfinity
            : error == 0 ? 0
            : tolerance == 0 ? double.PositiveInfinity
            : error / tolerance;
        if (ratio <= _worstRatio)
            return;
        (_worstRatio, Error, Tolerance, What) = (ratio, error, tolerance, what);
    }

    /// <summary>Takes the largest difference of two tensors in, in float64.</summary>
    public void Add(string what, Tensor actual, Tensor expected, Func<double, double> toleranceForLargest)
    {
        using var scope = NewDisposeScope();
        if (!SameShape(what, actual, expected) || expected.NumberOfElements == 0)
            return;
        var reference = expected.detach().cpu().to(ScalarType.Float64);
        var error = (actual.detach().cpu().to(ScalarType.Float64) - reference).abs().max().item<double>();
        Add(what, error, toleranceForLargest(reference.abs().max().item<double>()));
    }

    /// <summary>Takes two tensors in that may differ by a share of each element, but for a floor.</summary>
    public void AddRelative(string what, Tensor actual, Tensor expected, double relative, double floor)
    {
        using var scope = NewDisposeScope();
        if (!SameShape(what, actual, expected))
            return;
        var reference = expected.detach().cpu().to(ScalarType.Float64);
        var errors = (actual.detach().cpu().to(ScalarType.Float64) - reference).abs();
        var tolerances = reference.abs() * relative + floor;
        var at = (errors / tolerances).argmax().item<long>();
        Add(what, errors.view(-1)[at].item<double>(), tolerances.view(-1)[at].item<double>());
    }

    private bool SameShape(string what, Tensor actual, Tensor expected)
    {
        if (actual.shape.SequenceEqual(expected.shape))
            return true;
        Add($"{what}: shape [{string.Join(", ", actual.shape)}] instead of [{string.Join(", ", expected.shape)}]", double.NaN, 0);
        return false;
    }
}
