namespace NotebookKit;

/// <summary>
/// Names the class that formats a type's values in notebooks. Hosts (this kit's kernel, .NET Interactive) find it by its
/// name, so that the library needs no reference to any of them; TorchSharp does the same.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class TypeFormatterSourceAttribute : Attribute
{
    /// <summary>A class with <c>CreateTypeFormatters()</c>: the kit's one, by its name, since a picture need not know how it is
    /// shown.</summary>
    public Type FormatterSourceType { get; } = Type.GetType("NotebookKit.Display.KitFormatters", throwOnError: true)!;

    /// <summary>The forms that a host takes: such as every value of the type has, since one that is missing leaves an empty
    /// entry.</summary>
    public string[] PreferredMimeTypes { get; set; } = ["text/html", "text/plain"];
}
