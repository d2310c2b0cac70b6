using System.Text.Json;

namespace NotebookKit;

/// <summary>Settings that name one of a few things, in the spelling that people type.</summary>
public static class Choices
{
    /// <summary>The value of an enum that a text names: <c>lora_extended</c> is LoraExtended.</summary>
    /// <exception cref="BadInputException">There is none; the sentence has the nearest names.</exception>
    public static T Of<T>(string flag, string value)
        where T : struct, Enum => (T)Of(typeof(T), flag, value);

    /// <summary>The same for a type that is known when the program runs.</summary>
    /// <exception cref="BadInputException">There is none; the sentence has the nearest names.</exception>
    public static object Of(Type type, string flag, string value)
    {
        var values = Enum.GetValues(type).Cast<Enum>().ToList();
        return values.Find(candidate => Plain(Name(candidate)) == Plain(value))
            ?? throw new BadInputException($"{flag} has no '{value}'; {NearestName.Hint(value, [.. values.Select(Name)])}");
    }

    /// <summary>The names of an enum's values as they are written on a command line.</summary>
    public static IReadOnlyList<string> Names<T>()
        where T : struct, Enum => [.. Enum.GetValues<T>().Select(value => Name(value))];

    /// <summary>LoraExtended becomes <c>lora_extended</c>; DreamBooth and AdamW8bit, which are one word each, <c>dreambooth</c> and
    /// <c>adamw8bit</c>.</summary>
    public static string Name(Enum value) => value.ToString() switch
    {
        var name and ("DreamBooth" or "AdamW" or "AdamW8bit") => name.ToLowerInvariant(),
        var name => JsonNamingPolicy.SnakeCaseLower.ConvertName(name),
    };

    private static string Plain(string name) =>
        name.ToLowerInvariant().Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);
}
