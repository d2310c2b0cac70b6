namespace NotebookKit;

/// <summary>Options that name one of a few things, in the spelling that a command line likes.</summary>
public static class Choices
{
    /// <summary>The value of an enum that a text names: <c>lora_extended</c> is LoraExtended.</summary>
    /// <exception cref="BadInputException">There is none; the sentence has the nearest names.</exception>
    public static T Of<T>(string flag, string value)
        where T : struct, Enum =>
        Enum.GetValues<T>().Cast<T?>().FirstOrDefault(candidate => Plain(Name(candidate!.Value)) == Plain(value))
        ?? throw new BadInputException($"{flag} has no '{value}'; {NearestName.Hint(value, Names<T>())}");

    /// <summary>The names of an enum's values as they are written on a command line.</summary>
    public static IReadOnlyList<string> Names<T>()
        where T : struct, Enum => [.. Enum.GetValues<T>().Select(Name)];

    /// <summary>LoraExtended becomes <c>lora_extended</c>, DreamBooth <c>dreambooth</c>, AdamW8bit <c>adamw8bit</c>.</summary>
    public static string Name<T>(T value)
        where T : struct, Enum => value.ToString() switch
        {
            "LoraExtended" => "lora_extended",
            "TextualInversion" => "textual_inversion",
            var name => name.ToLowerInvariant(),
        };

    private static string Plain(string name) => name.ToLowerInvariant().Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);
}
