using System.Globalization;

namespace NotebookKit.Charts;

/// <summary>Numbers for readers: four significant digits, no locale.</summary>
internal static class NumberText
{
    public static string Short(double value)
    {
        if (!double.IsFinite(value) || value == 0)
            return value.ToString(CultureInfo.InvariantCulture);
        var size = Math.Abs(value);
        if (size is >= 1e7 or < 1e-4)
            return value.ToString("0.###e0", CultureInfo.InvariantCulture);
        var decimals = Math.Clamp(3 - (int)Math.Floor(Math.Log10(size)), 0, 7);
        return Math.Round(value, decimals).ToString("0." + new string('#', decimals), CultureInfo.InvariantCulture);
    }
}
