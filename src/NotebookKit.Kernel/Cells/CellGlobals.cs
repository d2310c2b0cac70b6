namespace NotebookKit.Kernel.Cells;

/// <summary>What cells can call without naming a class.</summary>
public sealed class CellGlobals
{
    private readonly Action<string, object?, bool> _show;

    internal CellGlobals(Action<string, object?, bool> show) => _show = show;

    /// <summary>Shows a value below the cell, now.</summary>
    /// <param name="value">Anything.</param>
    /// <returns>The display, whose content can be replaced later.</returns>
    public DisplayedValue display(object? value)
    {
        var shown = new DisplayedValue(_show);
        _show(shown.DisplayId, value, false);
        return shown;
    }

    /// <summary>Marks text as HTML, to be displayed as such.</summary>
    /// <param name="content">HTML that the author vouches for.</param>
    public static HtmlContent HTML(string content) => new(content);
}

/// <summary>Something on display, made by <see cref="CellGlobals.display"/>.</summary>
public sealed class DisplayedValue
{
    private readonly Action<string, object?, bool> _show;

    internal DisplayedValue(Action<string, object?, bool> show) => _show = show;

    /// <summary>The name by which front ends find the display again.</summary>
    public string DisplayId { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Replaces what is shown.</summary>
    /// <param name="value">Anything.</param>
    public void Update(object? value) => _show(DisplayId, value, true);
}

/// <summary>Text that is HTML.</summary>
/// <param name="Content">The HTML.</param>
public sealed record HtmlContent(string Content)
{
    /// <summary>The HTML itself.</summary>
    public override string ToString() => Content;
}
