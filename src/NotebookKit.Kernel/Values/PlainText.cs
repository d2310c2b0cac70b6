using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace NotebookKit.Kernel.Values;

/// <summary>Values as text that a reader of C# understands, the same on every machine: the invariant culture throughout.</summary>
internal static class PlainText
{
    private const int MostItems = 20, MostDepth = 4;

    /// <summary>A value as it stands alone below a cell: text without quotes.</summary>
    public static string Of(object? value) => value is string text ? text : Nested(value, 0);

    /// <summary>A value among others: text in quotes, lists cut after twenty items.</summary>
    public static string Nested(object? value, int depth) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        char c => $"'{c}'",
        bool b => b ? "true" : "false",
        Type type => TypeName(type),
        Exception e => $"{TypeName(e.GetType())}: {e.Message}",
        DateTime time => time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
        DateTimeOffset time => time.ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture),
        Task task => $"{TypeName(task.GetType())} ({task.Status})",
        Delegate function => TypeName(function.GetType()),
        ITuple tuple => "(" + string.Join(", ", Enumerable.Range(0, tuple.Length).Select(i => Nested(tuple[i], depth + 1))) + ")",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ when depth >= MostDepth => TypeName(value.GetType()),
        IDictionary map => Braces(map.Cast<object>(), map.Count, depth),
        IEnumerable items when !OverridesToString(value) => Brackets(items, depth),
        _ when IsPair(value) => $"{Nested(Get(value, "Key"), depth + 1)}: {Nested(Get(value, "Value"), depth + 1)}",
        _ when OverridesToString(value) && !IsGeneratedText(value.GetType()) => value.ToString() ?? "",
        _ => Members(value, depth),
    };

    /// <summary>A type as C# spells it: <c>List&lt;int&gt;</c>, without namespaces and without the script's own classes.</summary>
    public static string TypeName(Type type)
    {
        if (type.IsArray)
            return TypeName(type.GetElementType()!) + "[" + new string(',', type.GetArrayRank() - 1) + "]";
        if (Nullable.GetUnderlyingType(type) is { } inner)
            return TypeName(inner) + "?";
        var name = Type.GetTypeCode(type) switch
        {
            _ when type.IsEnum => type.Name,
            TypeCode.Boolean => "bool",
            TypeCode.Byte => "byte",
            TypeCode.SByte => "sbyte",
            TypeCode.Char => "char",
            TypeCode.Int16 => "short",
            TypeCode.UInt16 => "ushort",
            TypeCode.Int32 => "int",
            TypeCode.UInt32 => "uint",
            TypeCode.Int64 => "long",
            TypeCode.UInt64 => "ulong",
            TypeCode.Single => "float",
            TypeCode.Double => "double",
            TypeCode.Decimal => "decimal",
            TypeCode.String => "string",
            _ => type == typeof(object) ? "object" : type.Name.Split('`')[0],
        };
        return type.IsGenericType ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(TypeName))}>" : name;
    }

    /// <summary>What a value shows of itself: public properties, then public fields. A getter that throws shows its error.</summary>
    public static IEnumerable<(string Name, object? Value)> MembersOf(object value)
    {
        const BindingFlags Visible = BindingFlags.Public | BindingFlags.Instance;
        foreach (var property in value.GetType().GetProperties(Visible))
        {
            if (property.GetIndexParameters().Length > 0 || !property.CanRead || property.PropertyType.IsByRefLike || property.PropertyType.IsByRef)
                continue;
            object? content;
            try
            {
                content = property.GetValue(value);
            }
            catch (TargetInvocationException e)
            {
                content = e.InnerException;
            }

            yield return (property.Name, content);
        }

        foreach (var field in value.GetType().GetFields(Visible))
            yield return (field.Name, field.GetValue(value));
    }

    /// <summary>Records and anonymous types: their <c>ToString</c> is the compiler's, in the machine's culture.</summary>
    public static bool IsGeneratedText(Type type) =>
        type.GetMethod("ToString", Type.EmptyTypes)?.IsDefined(typeof(CompilerGeneratedAttribute), false) == true || IsAnonymous(type);

    public static bool OverridesToString(object value)
    {
        var declaring = value.GetType().GetMethod("ToString", Type.EmptyTypes)?.DeclaringType;
        return declaring is not null && declaring != typeof(object) && declaring != typeof(ValueType);
    }

    public static bool IsPair(object value) =>
        value.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>);

    private static bool IsAnonymous(Type type) => type.Name.StartsWith("<>f__AnonymousType", StringComparison.Ordinal);

    private static object? Get(object value, string property) => value.GetType().GetProperty(property)!.GetValue(value);

    private static string Brackets(IEnumerable items, int depth)
    {
        if (items is Array { Rank: > 1 } array)
            return $"{TypeName(array.GetType().GetElementType()!)}[{string.Join(", ", Enumerable.Range(0, array.Rank).Select(array.GetLength))}]";
        var text = new StringBuilder("[");
        Append(text, items, (items as ICollection)?.Count, depth);
        return text.Append(']').ToString();
    }

    private static string Braces(IEnumerable<object> items, int count, int depth)
    {
        var text = new StringBuilder("{ ");
        var pairs = items.Select(item => item is DictionaryEntry entry ? new KeyValuePair<object, object?>(entry.Key, entry.Value) : item);
        Append(text, pairs, count, depth);
        return text.Append(" }").ToString();
    }

    private static void Append(StringBuilder text, IEnumerable items, int? count, int depth)
    {
        var shown = 0;
        foreach (var item in items)
        {
            if (shown > 0)
                text.Append(", ");
            if (shown == MostItems)
            {
                text.Append(CultureInfo.InvariantCulture, $"… ({(count is null ? "more" : $"{count - shown} more")})");
                break;
            }

            text.Append(Nested(item, depth + 1));
            shown++;
        }
    }

    private static string Members(object value, int depth)
    {
        var type = value.GetType();
        var members = MembersOf(value).Select(m => $"{m.Name} = {Nested(m.Value, depth + 1)}").ToList();
        var name = IsAnonymous(type) ? "" : TypeName(type) + " ";
        return members.Count == 0 ? name.TrimEnd() : $"{name}{{ {string.Join(", ", members)} }}";
    }
}
