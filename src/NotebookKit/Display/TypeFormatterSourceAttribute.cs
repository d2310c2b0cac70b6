namespace NotebookKit.Display;

/// <summary>
/// Names the class that formats a type's values in notebooks. Hosts (this kit's kernel, .NET Interactive) find it by its
/// name, so that the library needs no reference to any of them; TorchSharp does the same.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class TypeFormatterSourceAttribute(Type formatterSourceType) : Attribute
{
    /// <summary>A class with <c>CreateTypeFormatters()</c>.</summary>
    public Type FormatterSourceType { get; } = formatterSourceType;

    /// <summary>The forms that a host takes: such as every value of the type has, since one that is missing leaves an empty entry.</summary>
    public string[] PreferredMimeTypes { get; set; } = ["text/html", "text/plain"];
}
