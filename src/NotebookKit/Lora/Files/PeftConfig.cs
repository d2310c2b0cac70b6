using System.Text.Json;
using System.Text.RegularExpressions;

namespace NotebookKit.Lora.Files;

/// <summary>
/// What PEFT keeps outside the tensors, in the adapter_config.json beside them or in the notes of diffusers: lora_alpha,
/// alpha_pattern, use_rslora and how the training began. The ranks, rank_pattern's too, are those of the tensors.
/// </summary>
internal sealed class PeftConfig
{
    // Weights that begin as a part of the base's: the base then is another one than the plain one (PEFT's convert_to_lora aside).
    private static readonly string[] MovedBase = ["pissa", "olora", "loftq", "corda"];

    private readonly List<(string Part, JsonElement Settings)> _parts = [];

    private PeftConfig()
    {
    }

    /// <summary>What is to be told about the settings, as in <see cref="LoraProblem"/>.</summary>
    public IEnumerable<(string What, string Name)> Problems
    {
        get
        {
            foreach (var (part, settings) in _parts)
            {
                if (Text(settings, "init_lora_weights") is { } start
                    && MovedBase.Any(moved => start.StartsWith(moved, StringComparison.OrdinalIgnoreCase)))
                    yield return ("settings that ask for another base than the plain one (convert the adapter with PEFT first)",
                        $"init_lora_weights {start}{(part.Length > 0 ? $" of the {part}" : "")}");
                if (Text(settings, "bias") is { } bias && bias is not "none")
                    yield return ("settings that are not read here", $"bias {bias}");
            }
        }
    }

    /// <summary>The settings that belong to a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="metadata">Its notes.</param>
    public static PeftConfig Of(string path, IReadOnlyDictionary<string, string> metadata)
    {
        var config = new PeftConfig();
        var beside = AdapterFolder.ConfigBeside(path);
        if ((metadata.GetValueOrDefault("lora_adapter_metadata") ?? (beside is null ? null : File.ReadAllText(beside))) is not { } text)
            return config;
        try
        {
            using var json = JsonDocument.Parse(text);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                throw new JsonException();
            // diffusers' notes hold those of each network under its name and a dot.
            foreach (var group in json.RootElement.EnumerateObject().GroupBy(property => PartOf(property.Name)))
                config._parts.Add((group.Key, JsonSerializer.SerializeToElement(
                    group.ToDictionary(property => property.Name[(group.Key.Length > 0 ? group.Key.Length + 1 : 0)..],
                        property => property.Value))));
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{(beside is null || metadata.ContainsKey("lora_adapter_metadata")
                ? $"{path}'s lora_adapter_metadata"
                : beside)} is no JSON object, so how strongly the adapter counts cannot be told; get it again.", e);
        }

        return config;
    }

    /// <summary>The scale's numerator of a layer by these settings; null where they don't tell.</summary>
    /// <param name="layer">The layer's dotted path, in PEFT's spelling.</param>
    /// <param name="rank">Its rank.</param>
    public double? Alpha(string layer, long rank)
    {
        var text = layer.StartsWith("text_", StringComparison.Ordinal);
        var settings = _parts.Where(part => part.Part.Length == 0 || part.Part.StartsWith("text_encoder", StringComparison.Ordinal) == text)
            .Select(part => (JsonElement?)part.Settings).FirstOrDefault();
        if (settings is not { } found)
            return null;
        var alpha = Pattern(found, "alpha_pattern", layer) ?? Number(found, "lora_alpha") ?? Number(found, "alpha");
        return alpha is null ? null
            : found.TryGetProperty("use_rslora", out var root) && root.ValueKind == JsonValueKind.True ? alpha * Math.Sqrt(rank) : alpha;
    }

    private static string PartOf(string name) =>
        name.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot ? name[..dot] : "";

    // As PEFT looks it up: the first pattern that the path ends with.
    private static double? Pattern(JsonElement settings, string key, string layer)
    {
        if (!settings.TryGetProperty(key, out var patterns) || patterns.ValueKind != JsonValueKind.Object)
            return null;
        var below = layer.StartsWith("unet.", StringComparison.Ordinal) ? layer["unet.".Length..] : layer;
        foreach (var pattern in patterns.EnumerateObject().Where(pattern => pattern.Value.ValueKind == JsonValueKind.Number))
        {
            if (Matches(pattern.Name, layer) || Matches(pattern.Name, below))
                return pattern.Value.GetDouble();
        }

        return null;
    }

    private static bool Matches(string pattern, string layer)
    {
        try
        {
            return Regex.IsMatch(layer, $@"^(.*\.)?({pattern})$", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        }
        catch (Exception e) when (e is ArgumentException or RegexMatchTimeoutException)
        {
            return layer == pattern;
        }
    }

    private static double? Number(JsonElement settings, string key) =>
        settings.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    private static string? Text(JsonElement settings, string key) =>
        settings.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
