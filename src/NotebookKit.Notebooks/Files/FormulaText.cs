using System.Net;
using System.Text.RegularExpressions;

namespace NotebookKit.Notebooks.Files;

/// <summary>
/// A formula of LaTeX as text that can be read without a script: fractions with a slash, roots with √, letters and signs
/// as such, sub- and superscripts in HTML's own.
/// </summary>
internal static partial class FormulaText
{
    // Commands and what they stand for, in pairs.
    private static readonly Dictionary<string, string> Signs = """
        alpha α beta β gamma γ delta δ epsilon ε varepsilon ε eta η theta θ lambda λ mu μ pi π rho ρ sigma σ tau τ phi φ psi ψ
        omega ω Delta Δ Sigma Σ Theta Θ Omega Ω sum ∑ prod ∏ int ∫ nabla ∇ partial ∂ infty ∞ times × cdot · le ≤ leq ≤ ge ≥
        geq ≥ ne ≠ approx ≈ in ∈ to → rightarrow → pm ± ldots … cdots ⋯ lVert ‖ rVert ‖ top ⊤
        """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);

    // Commands that say how something is set, not what.
    private static readonly HashSet<string> Settings = ["mathbb", "mathrm", "text", "left", "right", "quad"];

    /// <summary>The formula as HTML.</summary>
    /// <param name="latex">As Markdig hands it on: HTML-encoded.</param>
    public static string Of(string latex)
    {
        var text = WebUtility.HtmlDecode(latex);
        // From the inside out, so that nested ones find plain contents.
        for (var before = ""; before != text;)
        {
            before = text;
            text = Fraction().Replace(text, "($1)/($2)");
            text = Root().Replace(text, "√($1)");
            text = Accent().Replace(text, match => match.Groups[2].Value
                + (match.Groups[1].Value == "bar" ? "\u0304" : match.Groups[1].Value == "hat" ? "\u0302" : "\u0303"));
        }

        text = Command().Replace(text,
            match => Settings.Contains(match.Groups[1].Value) ? "" : Signs.GetValueOrDefault(match.Groups[1].Value, match.Groups[1].Value));
        text = Simple().Replace(text, "$1$2");
        text = WebUtility.HtmlEncode(text);
        text = Script().Replace(text, match => match.Groups[1].Value == "_" ? $"<sub>{match.Groups[2].Value.Trim('{', '}')}</sub>"
            : $"<sup>{match.Groups[2].Value.Trim('{', '}')}</sup>");
        return text.Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal).Replace("\\", "",
            StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\\frac\{([^{}]*)\}\{([^{}]*)\}")]
    private static partial Regex Fraction();

    [GeneratedRegex(@"\\sqrt\{([^{}]*)\}")]
    private static partial Regex Root();

    [GeneratedRegex(@"\\(bar|hat|tilde)\s*\{?(\\[A-Za-z]+|[A-Za-z])\}?")]
    private static partial Regex Accent();

    [GeneratedRegex(@"\\([A-Za-z]+)")]
    private static partial Regex Command();

    // (x)/(y) of single letters or numbers needs no brackets.
    [GeneratedRegex(@"(?<![\w)])\((\w)\)(?=/)|(?<=/)\((\w)\)")]
    private static partial Regex Simple();

    [GeneratedRegex(@"([_^])(\{[^{}]*\}|\S)")]
    private static partial Regex Script();
}
