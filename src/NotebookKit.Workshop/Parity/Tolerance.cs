using System.Globalization;
using System.Text.RegularExpressions;

namespace NotebookKit.Workshop.Parity;

/// <summary>Reads tolerances out of the sentences in which the manifests state them.</summary>
internal static partial class Tolerance
{
    // "1e-5 * max|ref| + 1e-5", "1e-5*max|ref|+1e-5", "1e-5 of max|ref| (abs 1e-5 for values near 1)"
    [GeneratedRegex(@"([\d.]+(?:e[+-]?\d+)?)\s*(?:\*|of)\s*max\|ref\|(?:\s*\+\s*([\d.]+(?:e[+-]?\d+)?))?(?:\s*\(abs\s+([\d.]+(?:e[+-]?\d+)?))?")]
    private static partial Regex OfLargest();

    // "5e-4 * max(max|ref grad of that tensor|, 1e-3 * max|any ref grad|)", "2e-4 * max(ref norm, 1e-3 * largest norm)"
    [GeneratedRegex(@"([\d.]+(?:e[+-]?\d+)?)\s*\*\s*max\(.*,\s*([\d.]+(?:e[+-]?\d+)?)\s*\*")]
    private static partial Regex OfLargestOrAll();

    // "max(1e-5, 10 * f32_vs_f64_rel) * absmax of that row's reference"
    [GeneratedRegex(@"max\(\s*([\d.]+(?:e[+-]?\d+)?)\s*,\s*([\d.]+(?:e[+-]?\d+)?)\s*\*")]
    private static partial Regex LeastOrNoise();

    [GeneratedRegex(@"[\d.]+(?:e[+-]?\d+)?")]
    private static partial Regex Number();

    /// <summary>The tolerance for a tensor whose largest reference value is known.</summary>
    /// <exception cref="BadInputException">The sentence is not understood.</exception>
    public static Func<double, double> ForOutput(string? sentence)
    {
        var match = OfLargest().Match(sentence ?? "");
        if (!match.Success)
            throw new BadInputException($"The manifest's tolerance '{sentence}' is not understood; it should read like '1e-5 * max|ref| + "
                + "1e-5'.");
        var (share, extra, least) = (Value(match.Groups[1]), Value(match.Groups[2]), Value(match.Groups[3]));
        return largest => Math.Max(share * largest + extra, least);
    }

    /// <summary>The tolerance for a tensor, or a norm, of which there are many: a share of its own size, but at least of a fraction of the
    /// largest.</summary>
    /// <exception cref="BadInputException">The sentence is not understood.</exception>
    public static Func<double, double, double> ForGradient(string? sentence)
    {
        var match = OfLargestOrAll().Match(sentence ?? "");
        if (!match.Success)
            throw new BadInputException($"The manifest's tolerance '{sentence}' is not understood; it should read like '5e-4 * "
                + "max(max|ref grad of that tensor|, 1e-3 * max|any ref grad|)'.");
        var (share, ofAll) = (Value(match.Groups[1]), Value(match.Groups[2]));
        return (largest, largestOfAll) => share * Math.Max(largest, ofAll * largestOfAll);
    }

    /// <summary>The share of the reference's size that a run may be off, given how far float32 itself is off.</summary>
    /// <exception cref="BadInputException">The sentence is not understood.</exception>
    public static double ForRun(string? sentence, double float32Error)
    {
        var match = LeastOrNoise().Match(sentence ?? "");
        return match.Success
            ? Math.Max(Value(match.Groups[1]), Value(match.Groups[2]) * float32Error)
            : throw new BadInputException(
                $"The manifest's tolerance '{sentence}' is not understood; it should read like 'max(1e-5, 10 * f32_vs_f64_rel)'.");
    }

    /// <summary>The first number that follows a word in a sentence.</summary>
    /// <exception cref="BadInputException">There is none.</exception>
    public static double After(string? sentence, string word)
    {
        var at = sentence?.IndexOf(word, StringComparison.Ordinal) ?? -1;
        var match = at < 0 ? Match.Empty : Number().Match(sentence!, at + word.Length);
        return match.Success
            ? Value(match)
            : throw new BadInputException($"The manifest's tolerance '{sentence}' names no number after '{word}'.");
    }

    private static double Value(Capture capture) =>
        capture.Length == 0 ? 0 : double.Parse(capture.ValueSpan, CultureInfo.InvariantCulture);
}
