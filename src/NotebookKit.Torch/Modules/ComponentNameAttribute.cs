namespace TorchSharp.Utils;

/// <summary>The name under which <c>RegisterComponents</c> registers a field, where it is not the field's own.</summary>
[AttributeUsage(AttributeTargets.Field)]
public sealed class ComponentNameAttribute : Attribute
{
    /// <summary>The name in the state dictionary.</summary>
    public string? Name { get; set; }
}
