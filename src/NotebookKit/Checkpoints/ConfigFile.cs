using System.Text.Json;
using System.Text.Json.Nodes;

namespace NotebookKit.Checkpoints;

/// <summary>Reads and writes the <c>config.json</c> files of diffusers and transformers.</summary>
internal static class ConfigFile
{
    private static readonly JsonSerializerOptions SnakeCase = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        MaxDepth = 32,
    };

    /// <summary>Reads a configuration; fields that are absent or null take the record's defaults.</summary>
    /// <exception cref="BadInputException">The file is missing, not JSON, or a field has the wrong type.</exception>
    public static T Load<T>(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BadInputException($"{path} does not exist; a model folder in the diffusers layout has one.", e);
        }

        return Parse<T>(text, path);
    }

    /// <summary>Reads a configuration from JSON text.</summary>
    /// <exception cref="BadInputException">It is not JSON, or a field has the wrong type.</exception>
    public static T Parse<T>(string text, string name)
    {
        try
        {
            var root = PythonJson.Parse(text) as JsonObject
                ?? throw new JsonException("it must be one JSON object");
            // diffusers writes null where it means its default.
            foreach (var field in root.Where(pair => pair.Value is null).Select(pair => pair.Key).ToList())
                root.Remove(field);
            return root.Deserialize<T>(SnakeCase)!;
        }
        // A duplicate key shows up as ArgumentException, a number of the wrong kind as InvalidOperationException.
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException or FormatException)
        {
            var field = e is JsonException { Path: { Length: > 2 } path } ? $"the field {path.TrimStart('$', '.')} has a wrong value"
                : "it is not the JSON of a model";
            throw new BadInputException($"{name} can't be read: {field}. Compare it with the one the model was published with.", e);
        }
    }

    /// <summary>Writes a configuration, with the class name that other tools look for.</summary>
    public static void Save<T>(string path, T config, string field, string className)
    {
        var root = JsonSerializer.SerializeToNode(config, SnakeCase)!.AsObject();
        root.Remove(field);
        root.Insert(0, field, field == "architectures" ? new JsonArray(className) : className);
        foreach (var empty in root.Where(pair => pair.Value is null).Select(pair => pair.Key).ToList())
            root.Remove(empty);
        AtomicFile.WriteText(path, root.ToJsonString(SnakeCase) + "\n");
    }

    /// <summary>Refuses fields that change the network in a way it does not have, unless they hold their neutral value.</summary>
    /// <param name="rest">The fields that the record has no property for.</param>
    /// <param name="model">The model's name, for the sentence.</param>
    /// <param name="neutral">Field and the one value that changes nothing, in JSON; null, false and 0 are neutral anyway.</param>
    public static void RefuseUnknownFeatures(
        IReadOnlyDictionary<string, JsonElement>? rest, string model, IReadOnlyDictionary<string, string> neutral)
    {
        foreach (var (field, value) in rest ?? new Dictionary<string, JsonElement>())
        {
            if (neutral.TryGetValue(field, out var plain) && !IsNeutral(value, plain))
                throw new BadInputException($"This {model} does not have {field} = {value.GetRawText()}; only models of the Stable "
                    + "Diffusion 1.x and 2.x kind load.");
        }
    }

    private static bool IsNeutral(JsonElement value, string plain) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Array => value.EnumerateArray().All(item => IsNeutral(item, plain)),
        JsonValueKind.Number => value.GetDouble() == 0
            || (double.TryParse(plain, System.Globalization.CultureInfo.InvariantCulture, out var number) && value.GetDouble() == number),
        JsonValueKind.String => plain.Split('|').Contains(value.GetString()),
        _ => false,
    };
}
