using NotebookKit.Charts;

namespace NotebookKit.Display;

/// <summary>Several things as one display, from top to bottom: updated together, without flicker.</summary>
/// <param name="items">Anything that can be displayed; null items are left out.</param>
[TypeFormatterSource]
public sealed class Panel(params IEnumerable<object?> items)
{
    /// <summary>The parts, from top to bottom.</summary>
    public IReadOnlyList<object> Items { get; } = [.. items.OfType<object>()];

    /// <summary>The parts' texts, one below the other.</summary>
    public override string ToString() => string.Join('\n', Items.Select(DisplayFormat.Text));

    internal string ToHtml() =>
        $"<div>{string.Concat(Items.Select(item => $"<div style=\"margin:4px 0\">{DisplayFormat.Html(item)}</div>"))}</div>";
}
