using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text;

namespace NotebookKit.Display;

/// <summary>A table: text to the left, numbers to the right in four significant digits, images and figures in cells as such.</summary>
[TypeFormatterSource]
public sealed record DisplayTable
{
    private const int MostRows = 200;

    /// <param name="columns">The column heads.</param>
    /// <param name="rows">The cells, as many per row as there are columns.</param>
    /// <exception cref="BadInputException">A row has more or fewer cells than there are columns.</exception>
    public DisplayTable(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<object?>> rows)
    {
        Columns = columns;
        Rows = rows.ToList();
        if (Rows.FirstOrDefault(r => r.Count != columns.Count) is { } odd)
            throw new BadInputException($"A table of {columns.Count} columns got a row of {odd.Count} cells.");
    }

    /// <summary>The column heads.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>The cells, row by row.</summary>
    public IReadOnlyList<IReadOnlyList<object?>> Rows { get; }

    /// <summary>What stands above the table.</summary>
    public string Caption { get; init; } = "";

    /// <summary>One row per record, one column per public property.</summary>
    /// <typeparam name="T">A record, a class or an anonymous type.</typeparam>
    /// <param name="records">The rows.</param>
    /// <param name="caption">What stands above the table.</param>
    public static DisplayTable Of<T>(IEnumerable<T> records, string caption = "") =>
        Of(typeof(T), records.Cast<object>()) with { Caption = caption };

    /// <summary>One row per record, one column per public property of a type that is known when it runs.</summary>
    /// <param name="type">The records' type.</param>
    /// <param name="records">The rows.</param>
    internal static DisplayTable Of(Type type, IEnumerable<object> records)
    {
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.GetIndexParameters().Length == 0)
            .ToList();
        return new DisplayTable(properties.Select(p => p.Name).ToList(),
            records.Select(r => properties.Select(p => p.GetValue(r)).ToList()));
    }

    /// <summary>The table in text, columns aligned.</summary>
    public override string ToString()
    {
        var lines = Rows.Take(MostRows).Select(r => r.Select(Cell).ToList()).Prepend([.. Columns]).ToList();
        var widths = Enumerable.Range(0, Columns.Count).Select(c => lines.Max(l => l[c].Length)).ToList();
        var text = string.Join('\n', lines.Select((line, i) => string.Join("  ", line.Select((cell, c) =>
            i > 0 && IsNumber(Rows[i - 1][c]) ? cell.PadLeft(widths[c]) : cell.PadRight(widths[c]))).TrimEnd()));
        return Caption.Length > 0 ? $"{Caption}\n{text}" : text;
    }

    internal string ToHtml()
    {
        var html = new StringBuilder("<table>");
        if (Caption.Length > 0)
            html.Append("<caption style=\"text-align:left;font-weight:600\">").Append(WebUtility.HtmlEncode(Caption)).Append("</caption>");
        html.Append("<thead><tr>");
        for (var c = 0; c < Columns.Count; c++)
            html.Append(Rows.Count > 0 && IsNumber(Rows[0][c]) ? "<th style=\"text-align:right\">" : "<th style=\"text-align:left\">")
                .Append(WebUtility.HtmlEncode(Columns[c])).Append("</th>");
        html.Append("</tr></thead><tbody>");
        foreach (var row in Rows.Take(MostRows))
        {
            html.Append("<tr>");
            foreach (var cell in row)
                html.Append(IsNumber(cell) ? "<td style=\"text-align:right\">" : "<td style=\"text-align:left\">")
                    .Append(DisplayFormat.RichHtml(cell) ?? WebUtility.HtmlEncode(Cell(cell))).Append("</td>");
            html.Append("</tr>");
        }

        html.Append("</tbody></table>");
        if (Rows.Count > MostRows)
            html.Append(CultureInfo.InvariantCulture, $"<p>… {Rows.Count - MostRows} more rows</p>");
        return html.ToString();
    }

    private static string Cell(object? cell) => cell is null ? "" : DisplayFormat.Text(cell);

    private static bool IsNumber(object? cell) =>
        cell is sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal;
}
