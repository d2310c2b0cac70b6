using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace NotebookKit.Images;

/// <summary>
/// How a picture was drawn, as the Stable Diffusion web UI writes it into a PNG file (its <c>infotext_utils</c>): the prompt,
/// a line <c>Negative prompt: …</c>, and a last line <c>Steps: 20, Sampler: DDIM, CFG scale: 7, Seed: 1, Size: 512x512, …</c>.
/// </summary>
public sealed partial record GenerationParameters
{
    /// <summary>The keyword of the PNG text.</summary>
    public const string Keyword = "parameters";

    private const string NegativeLabel = "Negative prompt:";

    /// <summary>What the picture shows.</summary>
    public required string Prompt { get; init; }

    /// <summary>What it was led away from; empty for nothing.</summary>
    public string NegativePrompt { get; init; } = "";

    /// <summary>The settings in their order: <c>Steps</c>, <c>Sampler</c>, <c>CFG scale</c>, <c>Seed</c>, <c>Size</c>, <c>Model hash</c>,
    /// <c>Model</c> and more.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Settings { get; init; } = [];

    /// <summary>A setting by its name, capitals or not; null where it is not given.</summary>
    /// <param name="name">Such as <c>CFG scale</c>.</param>
    public string? this[string name] =>
        Settings.LastOrDefault(setting => setting.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>Reads the settings that a PNG file holds.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The settings; null where the file has none.</returns>
    /// <exception cref="BadInputException">The file is missing, no PNG, cut off or damaged.</exception>
    public static GenerationParameters? Read(string path) => PngText.Read(path).TryGetValue(Keyword, out var text) ? Parse(text) : null;

    /// <summary>Takes such a text apart. Any text can be taken apart: one without settings is a prompt.</summary>
    /// <param name="text">As the web UI writes it.</param>
    public static GenerationParameters Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var lines = text.ReplaceLineEndings("\n").Trim().Split('\n').ToList();
        var settings = SettingPattern().Matches(lines[^1])
            .Select(match => KeyValuePair.Create(match.Groups[1].Value, Unquote(match.Groups[2].Value.Trim()))).ToList();
        // As the web UI has it: a last line with fewer than three settings belongs to the prompt.
        if (settings.Count < 3)
            settings = [];
        else
            lines.RemoveAt(lines.Count - 1);
        var negative = lines.FindIndex(line => line.Trim().StartsWith(NegativeLabel, StringComparison.Ordinal));
        return new GenerationParameters
        {
            Prompt = string.Join('\n', negative < 0 ? lines : lines[..negative]).Trim(),
            NegativePrompt = negative < 0 ? "" : string.Join('\n', lines[negative..]).Trim()[NegativeLabel.Length..].Trim(),
            Settings = settings,
        };
    }

    /// <summary>The text as the web UI writes it.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Prompt);
        if (NegativePrompt.Length > 0)
            text.Append('\n').Append(NegativeLabel).Append(' ').Append(NegativePrompt);
        if (Settings.Count > 0)
            text.Append('\n').AppendJoin(", ", Settings.Select(setting => $"{setting.Key}: {Quote(setting.Value)}"));
        return text.ToString();
    }

    private static string Quote(string value) => value.AsSpan().IndexOfAny(",\n:") < 0 ? value : JsonSerializer.Serialize(value, Json);

    private static string Unquote(string value)
    {
        if (value.Length < 2 || value[0] != '"' || value[^1] != '"')
            return value;
        try
        {
            return JsonSerializer.Deserialize<string>(value)!;
        }
        catch (JsonException)
        {
            return value;
        }
    }

    private static JsonSerializerOptions Json { get; } =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [GeneratedRegex("""\s*(\w[\w \-/]*):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)""", RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex SettingPattern();
}
