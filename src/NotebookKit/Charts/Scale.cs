using System.Globalization;

namespace NotebookKit.Charts;

/// <summary>An axis at work: its range, its ticks, and the way from a value to a place between 0 and 1.</summary>
internal sealed class Scale
{
    private readonly double _low, _high;
    private readonly bool _log, _reversed;

    /// <param name="axis">What the author said.</param>
    /// <param name="values">The data along it.</param>
    /// <param name="fromZero">Bars stand on zero.</param>
    /// <param name="margin">The share of the range that the data keep from its ends.</param>
    /// <param name="ticks">About how many ticks there is room for.</param>
    public Scale(PlotlyAxis axis, IEnumerable<double> values, bool fromZero, double margin, int ticks)
    {
        var data = values.Where(double.IsFinite).ToList();
        _log = axis.Log && axis.Min is not <= 0 && axis.Max is not <= 0;
        _reversed = axis.Reversed;
        if (_log)
            data.RemoveAll(v => v <= 0);
        else if (fromZero)
            data.Add(0);
        var (low, high) = data.Count == 0 ? (_log ? 1 : 0, _log ? 10 : 1) : (data.Min(), data.Max());
        (low, high) = (Forward(axis.Min ?? low), Forward(axis.Max ?? high));
        // What differs only by rounding is one value: ticks between would all read the same.
        if (high - low <= Math.Max(1e-9 * Math.Max(Math.Abs(low), Math.Abs(high)), 1e-290))
        {
            var around = _log || Math.Abs(low) < 1e-280 ? 0.5 : Math.Abs(low) * 0.1;
            (low, high) = (low - around, low + around);
        }

        var pad = margin * (high - low);
        _low = axis.Min is null && !(fromZero && low == 0) ? low - pad : low;
        _high = axis.Max is null && !(fromZero && high == 0) ? high + pad : high;
        Ticks = axis.Categories.Count > 0 ? [.. axis.Categories.Select((name, i) => ((double)i, name))] : _log ? LogTicks(ticks)
            : LinearTicks(ticks);
    }

    /// <summary>What the labels are to be multiplied by, as " (×10⁻⁴)"; empty for 1.</summary>
    public string Factor { get; private set; } = "";

    /// <summary>Values and what is written beside them.</summary>
    public IReadOnlyList<(double Value, string Label)> Ticks { get; }

    /// <summary>The place of a value: 0 is the axis's beginning, 1 its end; NaN when it has none.</summary>
    public double Place(double value) => _reversed ? 1 - Share(value) : Share(value);

    private double Share(double value) => (Forward(value) - _low) / (_high - _low);

    private double Forward(double value) => !_log ? value : value > 0 ? Math.Log10(value) : double.NaN;

    /// <summary>Steps of 1, 2 or 5 times a power of ten. A power that all labels would repeat is said once.</summary>
    private List<(double, string)> LinearTicks(int count)
    {
        var rough = (_high - _low) / Math.Max(1, count);
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = power * ((rough / power) switch { <= 1.5 => 1, <= 3.5 => 2, <= 7.5 => 5, _ => 10 });
        var largest = (int)Math.Floor(Math.Log10(Math.Max(Math.Abs(_low), Math.Abs(_high))) + 1e-9);
        var exponent = largest is <= -4 or >= 6 ? largest : 0;
        Factor = exponent == 0 ? "" : $" (×{Power(exponent)})";
        var ticks = new List<(double, string)>();
        for (var i = Math.Ceiling(_low / step - 1e-6); i * step <= _high + 1e-6 * step && ticks.Count < 100; i++)
            ticks.Add((i * step, Label(i * step / Math.Pow(10, exponent), step / Math.Pow(10, exponent))));
        return ticks;
    }

    /// <summary>Powers of ten; between them 2 and 5 where there is room.</summary>
    private List<(double, string)> LogTicks(int count)
    {
        var decades = _high - _low;
        var factors = decades < count / 3.0 ? new[] { 1.0, 2, 5 } : [1.0];
        var skip = Math.Max(1, (int)Math.Ceiling(decades / Math.Max(1, count)));
        var plain = _low >= -4.01 && _high < 5; // one way of writing for the whole axis
        var ticks = new List<(double, string)>();
        for (var exponent = (int)Math.Floor(_low); exponent <= _high; exponent++)
        {
            if (exponent % skip != 0)
                continue;
            foreach (var factor in factors)
                if (exponent + Math.Log10(factor) is var place && place >= _low - 1e-9 && place <= _high + 1e-9)
                    ticks.Add((factor * Math.Pow(10, exponent), OfDecade(factor, exponent, plain)));
        }

        // Less than a decade without a round number in it: labelled like a linear axis.
        return ticks.Count >= 2 ? ticks
            : [.. Enumerable.Range(0, 4).Select(i => Math.Pow(10, _low + i * decades / 3)).Select(v => (v, NumberText.Short(v)))];
    }

    private static string OfDecade(double factor, int exponent, bool plain) =>
        plain || exponent == 0 ? Label(factor * Math.Pow(10, exponent), Math.Pow(10, exponent))
            : (factor == 1 ? "" : Label(factor, 1) + "×") + Power(exponent);

    private static string Power(int exponent) =>
        "10" + string.Concat(exponent.ToString(CultureInfo.InvariantCulture).Select(c => c == '-' ? '⁻' : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c - '0']));

    /// <summary>As many digits as the step needs: 0.05, 250, 20k.</summary>
    private static string Label(double value, double step)
    {
        if (Math.Abs(value) < step * 1e-6)
            return "0";
        if (Math.Abs(value) >= 1e4)
            return (value / 1000).ToString("0.###", CultureInfo.InvariantCulture) + "k";
        var decimals = Math.Clamp((int)Math.Ceiling(-Math.Log10(step) - 1e-6), 0, 9);
        return value.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture).Replace('-', '−');
    }
}
