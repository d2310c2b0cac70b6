using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace NotebookKit.Tests.Notebooks.Files;

/// <summary>
/// Fractions and percentages that a notebook's prose tells, and whether one of its cells has them: in its code, or in an
/// output, where more digits may stand. What stands in quotation marks is somebody else's claim, and no figure of ours.
/// </summary>
internal static partial class FiguresInProse
{
    /// <summary>The figures that no cell has, each with the words around it.</summary>
    public static IReadOnlyList<string> WithoutACell(NotebookFile notebook)
    {
        var cells = notebook.CodeCells.Select(cell => Comment().Replace(NotebookFile.Text(cell["source"]), ""))
            .Concat(notebook.Outputs.Select(TextOf)).SelectMany(Numbers).ToList();
        return
        [
            .. from cell in notebook.Cells
               where (string)cell["cell_type"]! == "markdown"
               let prose = Own(NotebookFile.Text(cell["source"]))
               from Match figure in Figure().Matches(prose)
               where !cells.Exists(number => Tells(figure.Groups["number"].Value, figure.Groups["percent"].Success, number))
               select $"{prose[Math.Max(0, figure.Index - 30)..figure.Index]}[{figure.Value}]".ReplaceLineEndings(" "),
        ];
    }

    private static bool Tells(string figure, bool percent, (double Value, int Decimals) number)
    {
        var decimals = DecimalsOf(figure) + (percent ? 2 : 0);
        var value = double.Parse(figure, CultureInfo.InvariantCulture) / (percent ? 100 : 1);
        return Near(value, decimals, number) || (percent && Near(100 * value, decimals - 2, number));
    }

    // Rounded, or told with fewer digits than the output has.
    private static bool Near(double value, int decimals, (double Value, int Decimals) number) =>
        number.Decimals >= decimals && Math.Abs(number.Value - value) <= (0.5 * Math.Pow(10, -decimals)) + 1e-9
        || Math.Abs(number.Value - value) < 1e-12;

    private static IEnumerable<(double Value, int Decimals)> Numbers(string text) =>
        from Match match in Number().Matches(text)
        let digits = match.Value.Replace(",", "", StringComparison.Ordinal)
        select (Math.Abs(double.Parse(digits, CultureInfo.InvariantCulture)), digits.Contains('e') || digits.Contains('E') ? 12
            : DecimalsOf(digits));

    private static int DecimalsOf(string digits) => digits.Contains('.') ? digits.Length - digits.IndexOf('.') - 1 : 0;

    private static string Own(string prose) => Foreign().Replace(prose, " ");

    private static string TextOf(JsonNode output)
    {
        var data = output["data"] as JsonObject;
        var html = Patterns.Script().Replace(Patterns.DataUri().Replace(NotebookFile.Text(data?["text/html"]), ""), "");
        return $"{NotebookFile.Text(output["text"])} {NotebookFile.Text(data?["text/plain"])} {Patterns.Tag().Replace(html, " ")}";
    }

    // Fenced and inline code, formulas, quotations, links' targets; names with a number; what papers number.
    [GeneratedRegex("""
        ```.*?```|`[^`\n]*`|\$[^$\n]+\$|^>.*$|"[^"\n]*"|“[^”\n]*”|\]\([^)]*\)
        |\b(?:SD|Diffusion|CUDA|version|libtorch|\.NET|[Ss]ections?|[Ee]quations?|[Ff]igure|[Tt]able)\s+\d[\d.]*(?:\s+(?:and|to)\s+\d[\d.]*)?
        """, RegexOptions.Singleline | RegexOptions.Multiline | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Foreign();

    [GeneratedRegex(@"(?<![\w.,])(?:(?<number>\d+\.\d+)|(?<number>\d+)(?=\s?%))(?<percent>\s?%)?(?![\d×])")]
    private static partial Regex Figure();

    [GeneratedRegex(@"(?<![\w.])\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?")]
    private static partial Regex Number();

    [GeneratedRegex(@"(?<![:/""])//[^\n]*")]
    private static partial Regex Comment();
}
