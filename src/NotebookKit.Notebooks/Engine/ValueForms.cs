using System.Collections;
using System.Globalization;
using Microsoft.AspNetCore.Html;
using Microsoft.DotNet.Interactive.Commands;
using Microsoft.DotNet.Interactive.Events;
using Microsoft.DotNet.Interactive.Formatting;
using NotebookKit.Display;

namespace NotebookKit.Notebooks.Engine;

/// <summary>
/// How values look below a cell: the kit's, and charts and tensors, as <see cref="DisplayFormat"/> has them; all others as
/// .NET Interactive has them, in plain text where it would wrap text in HTML with a style sheet.
/// </summary>
internal static class ValueForms
{
    private const int Rows = 200;

    /// <summary>What .NET Interactive's own formatters are told, once for the process.</summary>
    public static void Register()
    {
        Formatter.SetPreferredMimeTypesFor(typeof(object), "text/plain");
        Formatter.SetPreferredMimeTypesFor(typeof(IHtmlContent), "text/html");
        Formatter.ListExpansionLimit = 50;
        Formatter.RecursionLimit = 3;
    }

    /// <summary>An event of the engine as what the cell yielded; null when it yielded nothing.</summary>
    public static CellYield? YieldOf(KernelEvent e) => e switch
    {
        StandardOutputValueProduced printed => new Printed("stdout", Text(printed)),
        StandardErrorValueProduced printed => new Printed("stderr", Text(printed)),
        ErrorProduced error => new Printed("stderr", Text(error)),
        DisplayedValueUpdated updated when updated.ValueId is { } id => new Updated(Forms(updated), id),
        DisplayedValueProduced { Command: KernelCommand { TargetKernelName: "value" } } => null, // a value as its cell has it
        ReturnValueProduced { Value: DisplayedValue } => null, // the value of display(x): it is shown already
        ReturnValueProduced { Value: null } => null,
        ReturnValueProduced returned => new Returned(Forms(returned)),
        DisplayEvent shown => new Displayed(Forms(shown), shown.ValueId),
        _ => null,
    };

    private static string Text(DisplayEvent e) => e.FormattedValues.FirstOrDefault()?.Value ?? e.Value?.ToString() ?? "";

    private static IReadOnlyDictionary<string, string> Forms(DisplayEvent e)
    {
        if (e.Value is { } value && DisplayFormat.Knows(value))
            return DisplayFormat.Mime(value);
        if (e.FormattedValues.All(form => form.MimeType == "text/plain") && e.Value is not (null or string))
            return Plain(e.Value) is { } table ? DisplayFormat.Mime(table) : new Dictionary<string, string> { ["text/plain"] = Line(e) };
        var forms = new Dictionary<string, string>();
        // A type's formatter that has nothing to say leaves an empty entry.
        foreach (var form in e.FormattedValues)
            if (form.Value.Length > 0)
                forms[form.MimeType] = form.Value;
        if (forms.Count == 0)
            forms["text/plain"] = "";
        return forms;
    }

    /// <summary>A list of records as a table; null when a value is no such list.</summary>
    private static DisplayTable? Plain(object value) =>
        value is IEnumerable items and not IFormattable && items.Cast<object?>().Take(1).FirstOrDefault() is { } first
            && IsRow(first.GetType())
            ? DisplayTable.Of(first.GetType(),
                items is ICollection { Count: <= Rows } ? items.Cast<object>() : items.Cast<object>().Take(Rows)) with
            { Caption = items is ICollection { Count: <= Rows } ? "" : $"the first {Rows} rows" }
            : null;

    /// <summary>Records and what says for itself how it reads, in one line and in the same words on every machine.</summary>
    private static string Line(DisplayEvent e) => e.Value switch
    {
        bool flag => flag ? "true" : "false",
        IEnumerable => Text(e),
        { } value when SaysItself(value.GetType()) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        _ => Text(e),
    };

    private static bool IsRow(Type type) =>
        IsAnonymous(type) || type.GetMethod("<Clone>$") is not null
            || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>));

    private static bool IsAnonymous(Type type) => type.Name.StartsWith("<>f__AnonymousType", StringComparison.Ordinal);

    private static bool SaysItself(Type type) =>
        type.GetMethod("ToString", Type.EmptyTypes)?.DeclaringType is { } declaring && declaring != typeof(object)
            && declaring != typeof(ValueType);
}
