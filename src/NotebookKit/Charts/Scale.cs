using System.Globalization;

namespace NotebookKit.Charts;

/// <summary>An axis at work: its range, its ticks, and the way from a value to a place between 0 and 1.</summary>
internal sealed class Scale
{
    private readonly double _low, _high;
    private readonly bool _log;

    /// <param name="axis">What the author said.</param>
    /// <param name="values">The data along it.</param>
    /// <param name="fromZero">Bars stand on zero.</param>
    /// <param name="pad">Whether the data keep a distance from the ends.</param>
    /// <param name="ticks">About how many ticks there is room for.</param>
    public Scale(Axis axis, IEnumerable<double> values, bool fromZero, bool pad, int ticks)
    {
        var data = values.Where(double.IsFinite).ToList();
        _log = axis.Log && !fromZero && data.Any(v => v > 0) && axis.Min is not <= 0 && axis.Max is not <= 0;
        if (_log)
            data.RemoveAll(v => v <= 0);
        if (fromZero)
            data.Add(0);
        var (low, high) = data.Count == 0 ? (0, 1) : (data.Min(), data.Max());
        (low, high) = (Forward(axis.Min ?? low), Forward(axis.Max ?? high));
        if (high <= low)
        {
            var around = Math.Max(Math.Abs(low) * 0.1, 1e-9);
            (low, high) = _log || low == 0 ? (low - 0.5, low + 0.5) : (low - around, low + around);
        }

        var margin = pad ? 0.05 * (high - low) : 0;
        _low = axis.Min is null && !(fromZero && low == 0) ? low - margin : low;
        _high = axis.Max is null && !(fromZero && high == 0) ? high + margin : high;
        Ticks = _log ? LogTicks(ticks) : LinearTicks(ticks);
    }

    /// <summary>Values and what is written beside them.</summary>
    public IReadOnlyList<(double Value, string Label)> Ticks { get; }

    /// <summary>The place of a value: 0 is the axis's beginning, 1 its end; NaN when it has none.</summary>
    public double Place(double value) => (Forward(value) - _low) / (_high - _low);

    private double Forward(double value) => !_log ? value : value > 0 ? Math.Log10(value) : double.NaN;

    /// <summary>Steps of 1, 2 or 5 times a power of ten.</summary>
    private List<(double, string)> LinearTicks(int count)
    {
        var rough = (_high - _low) / Math.Max(1, count);
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = power * ((rough / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 });
        var ticks = new List<(double, string)>();
        for (var i = Math.Ceiling(_low / step - 1e-6); i * step <= _high + 1e-6 * step; i++)
            ticks.Add((i * step, Label(i * step, step)));
        return ticks;
    }

    /// <summary>Powers of ten; between them 2 and 5 where there is room.</summary>
    private List<(double, string)> LogTicks(int count)
    {
        var decades = _high - _low;
        var factors = decades < count / 3.0 ? new[] { 1.0, 2, 5 } : [1.0];
        var skip = Math.Max(1, (int)Math.Ceiling(decades / Math.Max(1, count)));
        var ticks = new List<(double, string)>();
        for (var exponent = (int)Math.Floor(_low); exponent <= _high; exponent++)
        {
            if (exponent % skip != 0)
                continue;
            foreach (var factor in factors)
            {
                var place = exponent + Math.Log10(factor);
                var value = factor * Math.Pow(10, exponent);
                if (place >= _low - 1e-9 && place <= _high + 1e-9)
                    ticks.Add((value, Label(value, value)));
            }
        }

        // Less than a decade without a round number in it: label it like a linear axis.
        return ticks.Count >= 2 ? ticks : Enumerable.Range(0, 4).Select(i => Math.Pow(10, _low + i * decades / 3)).Select(v => (v, v.ToString("G3", CultureInfo.InvariantCulture))).ToList();
    }

    /// <summary>As many digits as the step needs: 0.05, 250, 20k, 1e-4.</summary>
    private static string Label(double value, double step)
    {
        if (value == 0 || Math.Abs(value) < step * 1e-6)
            return "0";
        var size = Math.Abs(value);
        if (size >= 1e6 || (size < 1e-3 && step < 1e-3))
            return value.ToString("0.###e0", CultureInfo.InvariantCulture);
        if (size >= 1e4)
            return (value / 1000).ToString("0.###", CultureInfo.InvariantCulture) + "k";
        var decimals = Math.Clamp((int)Math.Ceiling(-Math.Log10(step) - 1e-6), 0, 6);
        return value.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }
}
