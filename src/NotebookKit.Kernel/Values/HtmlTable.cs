using System.Collections;
using System.Globalization;
using System.Net;
using System.Text;

namespace NotebookKit.Kernel.Values;

/// <summary>Lists, dictionaries and matrices as a small HTML table, coloured by the page it stands in.</summary>
internal static class HtmlTable
{
    private const int MostRows = 20, MostColumns = 20;

    /// <summary>The table; null for a value that reads better as text: a number, a text, a list of numbers.</summary>
    public static string? Of(object? value) => value switch
    {
        null or string => null,
        Array { Rank: 2 } matrix => Matrix(matrix),
        IDictionary map => Table(["key", "value"], Pairs(map), map.Count),
        IEnumerable items when !PlainText.OverridesToString(value) => Rows(items),
        _ => null,
    };

    private static string? Rows(IEnumerable items)
    {
        var rows = new List<object?>();
        foreach (var item in items)
        {
            rows.Add(item);
            if (rows.Count > MostRows)
                break;
        }

        if (rows.Count == 0 || rows[0] is not { } first)
            return null;
        if (PlainText.IsPair(first))
            return Table(["key", "value"], rows.Select(Members), CountOf(items, rows));
        if (first is Array { Rank: 1 } or IList && first is not string)
            return Table([], rows.Select(row => row is IEnumerable cells ? cells.Cast<object?>() : [row]), CountOf(items, rows));
        if (first is System.Runtime.CompilerServices.ITuple tuple)
            return Table([.. Enumerable.Range(1, tuple.Length).Select(i => $"Item{i}")], rows.Select(TupleCells), CountOf(items, rows));
        if (!PlainText.IsGeneratedText(first.GetType()) && (PlainText.OverridesToString(first) || FormatterContract.Format(first).Count > 0))
            return null;

        var columns = PlainText.MembersOf(first).Select(m => m.Name).ToList();
        return columns.Count == 0 || first is IEnumerable ? null : Table(columns, rows.Select(Members), CountOf(items, rows));
    }

    private static int? CountOf(IEnumerable items, List<object?> seen) =>
        items is ICollection collection ? collection.Count : seen.Count <= MostRows ? seen.Count : null;

    private static IEnumerable<object?> Members(object? row) => row is null ? [] : PlainText.MembersOf(row).Select(m => m.Value);

    private static IEnumerable<object?> TupleCells(object? row) =>
        row is System.Runtime.CompilerServices.ITuple tuple ? Enumerable.Range(0, tuple.Length).Select(i => tuple[i]) : [];

    private static IEnumerable<IEnumerable<object?>> Pairs(IDictionary map)
    {
        foreach (DictionaryEntry entry in map)
            yield return [entry.Key, entry.Value];
    }

    private static string Matrix(Array matrix)
    {
        var rows = Enumerable.Range(0, matrix.GetLength(0)).Select(i => Enumerable.Range(0, matrix.GetLength(1)).Select(j => matrix.GetValue(i, j)));
        return Table([], rows, matrix.GetLength(0));
    }

    private static string Table(IReadOnlyList<string> columns, IEnumerable<IEnumerable<object?>> rows, int? count)
    {
        var html = new StringBuilder("<table>");
        if (columns.Count > 0)
        {
            html.Append("<thead><tr>");
            foreach (var column in columns.Take(MostColumns))
                html.Append("<th>").Append(WebUtility.HtmlEncode(column)).Append("</th>");
            html.Append("</tr></thead>");
        }

        html.Append("<tbody>");
        foreach (var row in rows.Take(MostRows))
        {
            html.Append("<tr>");
            foreach (var cell in row.Take(MostColumns))
                html.Append(IsText(cell) ? "<td style=\"text-align:left\">" : "<td>").Append(Cell(cell)).Append("</td>");
            html.Append("</tr>");
        }

        html.Append("</tbody></table>");
        if (count is null || count > MostRows)
            html.Append(CultureInfo.InvariantCulture, $"<p>… {(count is null ? "more rows" : $"{count - MostRows} more rows")}</p>");
        return html.ToString();
    }

    private static bool IsText(object? cell) => cell is not (sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal);

    private static string Cell(object? cell) =>
        FormatterContract.Format(cell).TryGetValue("text/html", out var html) ? html : WebUtility.HtmlEncode(PlainText.Of(cell));
}
