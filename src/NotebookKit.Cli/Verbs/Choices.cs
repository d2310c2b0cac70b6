using static TorchSharp.torch;

namespace NotebookKit.Cli.Verbs;

/// <summary>Options that name one of a few things, in the spelling that a command line likes.</summary>
internal static class Choices
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

    /// <summary>fp32, bf16 or fp16.</summary>
    /// <exception cref="BadInputException">It is none of them.</exception>
    public static ScalarType DType(string flag, string value) => value.ToLowerInvariant() switch
    {
        "fp32" or "float32" => ScalarType.Float32,
        "bf16" or "bfloat16" => ScalarType.BFloat16,
        "fp16" or "float16" => ScalarType.Float16,
        _ => throw new BadInputException($"{flag} has no '{value}'; choose one of fp32, bf16, fp16."),
    };

    private static string Plain(string name) => name.ToLowerInvariant().Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);
}
