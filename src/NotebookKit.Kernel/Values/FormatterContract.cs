using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;

namespace NotebookKit.Kernel.Values;

/// <summary>
/// The formatters that a type brings along, by the contract that .NET Interactive and TorchSharp know and that needs no
/// shared assembly: an attribute named <c>TypeFormatterSourceAttribute</c>, on the type, a base type or an interface, whose
/// <c>FormatterSourceType</c> has <c>CreateTypeFormatters()</c>, yielding objects with <c>string MimeType</c> and
/// <c>bool Format(object, TextWriter)</c>.
/// </summary>
internal static class FormatterContract
{
    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
    private static readonly ConcurrentDictionary<Type, IReadOnlyList<Formatter>> Known = new();

    /// <summary>What the value's own formatters write, by MIME type; empty when it has none.</summary>
    public static Dictionary<string, string> Format(object? value)
    {
        var bundle = new Dictionary<string, string>();
        if (value is null)
            return bundle;
        foreach (var formatter in Known.GetOrAdd(value.GetType(), Find))
        {
            if (bundle.ContainsKey(formatter.Mime))
                continue;
            using var writer = new StringWriter(CultureInfo.InvariantCulture);
            if (formatter.Write(value, writer))
                bundle[formatter.Mime] = writer.ToString();
        }

        return bundle;
    }

    private static List<Formatter> Find(Type type)
    {
        for (var t = type; t is not null; t = t.BaseType)
            if (SourceOf(t) is { } source)
                return Create(source);
        return type.GetInterfaces().Select(SourceOf).FirstOrDefault(s => s is not null) is { } of ? Create(of) : [];
    }

    private static Type? SourceOf(Type type) => type.GetCustomAttributes(inherit: false)
        .Where(a => a.GetType().Name == "TypeFormatterSourceAttribute")
        .Select(a => a.GetType().GetProperty("FormatterSourceType", Any)?.GetValue(a) as Type)
        .FirstOrDefault(t => t is not null);

    private static List<Formatter> Create(Type source)
    {
        var create = source.GetMethod("CreateTypeFormatters", Any | BindingFlags.Static, []);
        var instance = create is null || create.IsStatic ? null : Activator.CreateInstance(source, nonPublic: true);
        var formatters = new List<Formatter>();
        foreach (var formatter in create?.Invoke(instance, null) as IEnumerable ?? Array.Empty<object>())
        {
            var type = formatter.GetType();
            var format = type.GetMethod("Format", Any, [typeof(object), typeof(TextWriter)]);
            if (format?.ReturnType == typeof(bool) && type.GetProperty("MimeType", Any)?.GetValue(formatter) is string mime)
                formatters.Add(new Formatter(mime, format.CreateDelegate<Func<object, TextWriter, bool>>(formatter)));
        }

        return formatters;
    }

    private sealed record Formatter(string Mime, Func<object, TextWriter, bool> Write);
}
