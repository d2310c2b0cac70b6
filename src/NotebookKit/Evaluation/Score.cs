using System.Globalization;

namespace NotebookKit.Evaluation;

/// <summary>A measured number, and how far chance may have moved it.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="Error">Its standard error: other seeds would move the mean by about as much.</param>
public readonly record struct Score(double Mean, double Error)
{
    /// <summary>The mean of values and its standard error; a single value has none to tell, and gets 0.</summary>
    /// <param name="values">One for each seed.</param>
    /// <exception cref="ArgumentException">There is no value.</exception>
    public static Score Of(params IReadOnlyList<double> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count == 0)
            throw new ArgumentException("A mean needs at least one value.", nameof(values));
        var mean = values.Average();
        return new Score(mean, values.Count == 1 ? 0
            : Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count * (values.Count - 1.0))));
    }

    /// <summary>Whether two scores lie further apart than chance would often bring them: twice the error of their difference.</summary>
    /// <param name="other">The other.</param>
    public bool DiffersFrom(Score other) =>
        Math.Abs(Mean - other.Mean) > 2 * Math.Sqrt((Error * Error) + (other.Error * other.Error));

    /// <summary>"0.87 ± 0.03".</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Mean:0.00} ± {Error:0.00}");
}
