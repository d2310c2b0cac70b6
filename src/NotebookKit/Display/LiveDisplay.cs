using System.Reflection;

namespace NotebookKit.Display;

/// <summary>
/// Something shown below the running cell whose content can be replaced. In this kit's kernel it goes through the sink
/// that the kernel publishes; under .NET Interactive through its own <c>Display</c>; elsewhere it is text on the console.
/// </summary>
public sealed class LiveDisplay
{
    private const string Sink = "NotebookKit.Display";
    private readonly string _id = Guid.NewGuid().ToString("N");
    private readonly object? _interactive;
    private string? _printed;

    private LiveDisplay(object? interactive) => _interactive = interactive;

    private static Action<string, IReadOnlyDictionary<string, string>, bool>? Kernel =>
        AppContext.GetData(Sink) as Action<string, IReadOnlyDictionary<string, string>, bool>;

    /// <summary>Shows a value.</summary>
    /// <param name="value">Anything; see <see cref="DisplayFormat"/> for what is shown as more than text.</param>
    public static LiveDisplay Show(object value)
    {
        if (Kernel is { } kernel)
        {
            var display = new LiveDisplay(null);
            kernel(display._id, DisplayFormat.Mime(value), false);
            return display;
        }

        var shown = new LiveDisplay(ShowInteractive(value));
        if (shown._interactive is null)
            shown.Print(value);
        return shown;
    }

    /// <summary>Replaces what is shown. On a console, a text that did not change is not repeated.</summary>
    /// <param name="value">Anything.</param>
    public void Update(object value)
    {
        if (Kernel is { } kernel)
            kernel(_id, DisplayFormat.Mime(value), true);
        else if (_interactive is not null)
            _interactive.GetType().GetMethod("Update", [typeof(object)])?.Invoke(_interactive, [value]);
        else
            Print(value);
    }

    private void Print(object value)
    {
        var text = DisplayFormat.Text(value);
        if (text != _printed)
            Console.WriteLine(text);
        _printed = text;
    }

    /// <summary>Calls <c>DisplayExtensions.Display(object, params string[])</c> of a .NET Interactive that is loaded.</summary>
    /// <returns>Its <c>DisplayedValue</c>; null without one.</returns>
    private static object? ShowInteractive(object value)
    {
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies())
        {
            if (assembly.GetName().Name?.StartsWith("Microsoft.DotNet.Interactive", StringComparison.Ordinal) != true)
                continue;
            var display = assembly.GetExportedTypes().FirstOrDefault(t => t.Name == "DisplayExtensions")?
                .GetMethod("Display", BindingFlags.Public | BindingFlags.Static, [typeof(object), typeof(string[])]);
            if (display?.Invoke(null, [value, Array.Empty<string>()]) is { } shown)
                return shown;
        }

        return null;
    }
}
