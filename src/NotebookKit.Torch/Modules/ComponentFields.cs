using System.Collections.Concurrent;
using System.Reflection;
using TorchSharp.Utils;

namespace TorchSharp;

/// <summary>The fields of a module's class that may hold parts of it, with the names under which they are registered.</summary>
internal static class ComponentFields
{
    private static readonly ConcurrentDictionary<Type, (string Name, FieldInfo Field)[]> Known = new();

    public static (string Name, FieldInfo Field)[] Of(Type type) => Known.GetOrAdd(type, Find);

    private static (string Name, FieldInfo Field)[] Find(Type type)
    {
        var found = new List<(string, FieldInfo)>();
        for (var level = type; level is not null && level != typeof(torch.nn.Module); level = level.BaseType)
            foreach (var field in level.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                if (MayHoldPart(field.FieldType))
                    found.Add((NameOf(field), field));
        return [.. found];
    }

    private static bool MayHoldPart(Type type) =>
        type.IsInterface || type == typeof(object) || typeof(torch.nn.Module).IsAssignableFrom(type) || typeof(torch.Tensor).IsAssignableFrom(type);

    // The field behind a property, or a captured constructor parameter, is called <name>…: its part is called name.
    private static string NameOf(FieldInfo field)
    {
        if (field.GetCustomAttribute<ComponentNameAttribute>()?.Name is { } given)
            return given;
        var name = field.Name;
        var end = name.IndexOf('>', StringComparison.Ordinal);
        return name.StartsWith('<') && end > 1 ? name[1..end] : name;
    }
}
