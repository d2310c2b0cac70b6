using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace NotebookKit.Notebooks.Files;

/// <summary>
/// Mermaid's flow charts from left to right (<c>flowchart LR</c>) as SVG, so that a page shows them without Mermaid's script:
/// boxes in columns by how far they are from a beginning, and arrows with their labels.
/// </summary>
internal static partial class MermaidFlow
{
    private const double Box = 34, RowGap = 22, ColumnGap = 34, Letter = 7.4, LabelLetter = 6.2, Margin = 14;

    /// <summary>Draws it; null when it is another kind of chart, goes in circles, or says more than boxes and arrows.</summary>
    public static string? Draw(string source)
    {
        var lines = source.Split('\n').Select(line => line.Trim().TrimEnd(';')).Where(line => line.Length > 0).ToList();
        if (lines.Count < 2 || lines[0] is not ("flowchart LR" or "graph LR"))
            return null;
        var (texts, arrows) = (new Dictionary<string, string>(), new List<(string From, string To, string Label)>());
        foreach (var line in lines.Skip(1))
        {
            if (Chain().Match(line) is not { Success: true } chain)
                return null;
            var names = chain.Groups["node"].Captures.Select(node => Named(node.Value, texts)).ToList();
            arrows.AddRange(chain.Groups["arrow"].Captures.Select((arrow, i) =>
                (names[i], names[i + 1], arrow.Value.TrimStart('-', '>').Trim('|', '"'))));
        }

        return Columns(texts.Keys, arrows) is { } columns ? Svg(texts, arrows, columns) : null;
    }

    /// <summary>A box's name; its text, where one is given, is kept.</summary>
    private static string Named(string node, Dictionary<string, string> texts)
    {
        var name = Name().Match(node).Value;
        if (node.Length > name.Length)
            texts[name] = node[name.Length..].Trim('[', ']', '(', ')', '{', '}', '"');
        else
            texts.TryAdd(name, name);
        return name;
    }

    /// <summary>Each box's column: right of all that lead to it, and a beginning just left of what it leads to.</summary>
    private static Dictionary<string, int>? Columns(IReadOnlyCollection<string> names, List<(string From, string To, string Label)> arrows)
    {
        var column = names.ToDictionary(name => name, _ => 0);
        for (var pass = 0; arrows.Any(arrow => column[arrow.To] <= column[arrow.From]); pass++)
        {
            if (pass > names.Count)
                return null;
            foreach (var (from, to, _) in arrows)
                column[to] = Math.Max(column[to], column[from] + 1);
        }

        foreach (var name in names.Where(name => arrows.All(arrow => arrow.To != name)))
            column[name] = arrows.Where(arrow => arrow.From == name).Select(arrow => column[arrow.To] - 1).DefaultIfEmpty(0).Min();
        return column;
    }

    private static string Svg(Dictionary<string, string> texts, List<(string From, string To, string Label)> arrows,
        Dictionary<string, int> columns)
    {
        var (boxes, shapes) = (new Dictionary<string, (double X, double Y, double Width)>(), new StringBuilder());
        var groups = texts.Keys.GroupBy(name => columns[name]).OrderBy(group => group.Key).ToList();
        var height = groups.Max(group => group.Count()) * (Box + RowGap) - RowGap + 2;
        var x = 1.0;
        foreach (var group in groups)
        {
            var width = group.Max(name => texts[name].Length) * Letter + 2 * Margin;
            var y = (height - group.Count() * (Box + RowGap) + RowGap) / 2;
            foreach (var (row, name) in group.Index())
                boxes[name] = (x, y + row * (Box + RowGap), width);
            x += width + ColumnGap + arrows.Where(arrow => columns[arrow.From] == group.Key).Select(arrow => arrow.Label.Length)
                .DefaultIfEmpty(0).Max() * LabelLetter;
        }

        foreach (var (name, (left, top, width)) in boxes)
        {
            shapes.Append(CultureInfo.InvariantCulture, $"<rect x=\"{left:0.#}\" y=\"{top:0.#}\" width=\"{width:0.#}\" height=\"{Box}\" "
                + $"rx=\"6\" fill=\"#4da4f3\" fill-opacity=\".14\" stroke=\"#4da4f3\"/>");
            shapes.Append(CultureInfo.InvariantCulture, $"<text x=\"{left + width / 2:0.#}\" y=\"{top + Box / 2 + 5:0.#}\" "
                + $"text-anchor=\"middle\">{WebUtility.HtmlEncode(texts[name])}</text>");
        }

        foreach (var (from, to, label) in arrows)
        {
            var (x1, y1) = (boxes[from].X + boxes[from].Width, boxes[from].Y + Box / 2);
            var (x2, y2) = (boxes[to].X - 1, boxes[to].Y + Box / 2);
            var middle = (x1 + x2) / 2;
            shapes.Append(CultureInfo.InvariantCulture, $"<path d=\"M{x1:0.#} {y1:0.#}C{middle:0.#} {y1:0.#} {middle:0.#} {y2:0.#} "
                + $"{x2 - 6:0.#} {y2:0.#}m0 -4l6 4l-6 4\" fill=\"none\" stroke=\"currentColor\"/>");
            if (label.Length > 0)
                shapes.Append(CultureInfo.InvariantCulture, $"<text x=\"{middle:0.#}\" y=\"{(y1 + y2) / 2 - 6:0.#}\" "
                    + $"text-anchor=\"middle\" font-size=\"12\">{WebUtility.HtmlEncode(label)}</text>");
        }

        var said = WebUtility.HtmlEncode(string.Join("; ", arrows.Select(arrow => $"{texts[arrow.From]} to {texts[arrow.To]}")));
        var right = boxes.Values.Max(box => box.X + box.Width) + 1;
        return string.Create(CultureInfo.InvariantCulture, $"<svg class=\"flow\" role=\"img\" aria-label=\"{said}\" viewBox=\"0 0 "
            + $"{right:0.#} {height:0.#}\" width=\"{right:0}\" height=\"{height:0}\" font-size=\"14\" "
            + $"fill=\"currentColor\">{shapes}</svg>");
    }

    [GeneratedRegex("""^(?<node>\w+(?:\[[^\]]*\]|\([^)]*\)|\{[^}]*\})?)(?:\s*(?<arrow>-->(?:\|[^|]*\|)?)\s*(?<node>\w+(?:\[[^\]]*\]|\([^)]*\)|\{[^}]*\})?))*$""")]
    private static partial Regex Chain();

    [GeneratedRegex(@"^\w+")]
    private static partial Regex Name();
}
