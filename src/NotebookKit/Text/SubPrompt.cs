using System.Globalization;
using System.Text.RegularExpressions;

namespace NotebookKit.Text;

/// <summary>One of the prompts that <c>AND</c> joins: each steers by itself, and what they say is added up (composable diffusion, Liu et
/// al. 2022).</summary>
/// <param name="Text">What it says.</param>
/// <param name="Weight">How strongly it steers, the number after a last colon: <c>a cat :1.2 AND a dog :0.8</c>; 1 without one.</param>
public sealed partial record SubPrompt(string Text, double Weight)
{
    /// <summary>Cuts a prompt at each <c>AND</c> in capitals. As in the web UI, a number after a last colon is a weight also where there is
    /// no <c>AND</c>.</summary>
    /// <param name="prompt">A positive prompt; in a negative one <c>AND</c> is a word.</param>
    /// <returns>At least one.</returns>
    public static IReadOnlyList<SubPrompt> Split(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return [.. And().Split(prompt).Select(Read)];
    }

    private static SubPrompt Read(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0 || !Number().IsMatch(text[(colon + 1)..].Trim()))
            return new SubPrompt(text.TrimEnd(), 1);
        var weight = double.Parse(text.AsSpan(colon + 1).Trim(), NumberStyles.Float, CultureInfo.InvariantCulture);
        return Math.Abs(weight) <= 1e6
            ? new SubPrompt(text[..colon].TrimEnd(), weight)
            : throw new BadInputException(
                $"The weight {text[(colon + 1)..].Trim()} after a sub-prompt is too large; write one such as 1.2.");
    }

    [GeneratedRegex(@"\bAND\b", RegexOptions.CultureInvariant)]
    private static partial Regex And();

    [GeneratedRegex(@"^[-+]?(?:[0-9]+\.?|[0-9]*\.[0-9]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
