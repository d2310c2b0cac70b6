using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.Events;
using Microsoft.DotNet.Interactive.Formatting;

namespace NotebookKit.Display;

/// <summary>
/// Something shown below the running cell whose content can be replaced, from any thread while the cell runs. It goes
/// through .NET Interactive, with every form of the value at once; where no cell runs it is text on the console.
/// </summary>
public sealed class LiveDisplay
{
    private readonly string _id = Guid.NewGuid().ToString("N");
    private readonly KernelInvocationContext? _cell = KernelInvocationContext.Current;
    private string? _printed;

    private LiveDisplay()
    {
    }

    /// <summary>Shows a value.</summary>
    /// <param name="value">Anything; see <see cref="DisplayFormat"/> for what is shown as more than text.</param>
    public static LiveDisplay Show(object value)
    {
        var display = new LiveDisplay();
        if (display._cell is { } cell)
            cell.Publish(new DisplayedValueProduced(null, cell.Command, Forms(value), display._id));
        else
            display.Print(value);
        return display;
    }

    /// <summary>Replaces what is shown. On a console, a text that did not change is not repeated.</summary>
    /// <param name="value">Anything.</param>
    public void Update(object value)
    {
        if (_cell is { } cell)
            cell.Publish(new DisplayedValueUpdated(null, _id, cell.Command, Forms(value)));
        else
            Print(value);
    }

    private static List<FormattedValue> Forms(object value) =>
        [.. DisplayFormat.Mime(value).Select(form => new FormattedValue(form.Key, form.Value))];

    private void Print(object value)
    {
        var text = DisplayFormat.Text(value);
        if (text != _printed)
            Console.WriteLine(text);
        _printed = text;
    }
}
