using NotebookKit.Kernel.Cells;

namespace NotebookKit.Kernel.Values;

/// <summary>
/// How a value looks below a cell: by its own formatters where its type names some (<see cref="FormatterContract"/>),
/// else as text, and as an HTML table where it has rows or fields.
/// </summary>
internal static class ValueFormat
{
    public static IReadOnlyDictionary<string, string> Bundle(object? value)
    {
        if (value is HtmlContent html)
            return new Dictionary<string, string> { ["text/html"] = html.Content, ["text/plain"] = html.Content };
        var bundle = FormatterContract.Format(value);
        if (bundle.Count == 0 && HtmlTable.Of(value) is { } table)
            bundle["text/html"] = table;
        bundle.TryAdd("text/plain", PlainText.Of(value));
        return bundle;
    }
}
