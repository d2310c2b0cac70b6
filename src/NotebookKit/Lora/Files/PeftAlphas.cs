using System.Text.Json;

namespace NotebookKit.Lora.Files;

/// <summary>Alphas that PEFT keeps outside the tensors: in the metadata (diffusers) or in adapter_config.json beside the file.</summary>
internal static class PeftAlphas
{
    /// <summary>Alphas by kohya's module name; that of every other module under the empty name.</summary>
    public static Dictionary<string, double> Of(string path, IReadOnlyDictionary<string, string> metadata)
    {
        var alphas = new Dictionary<string, double>(StringComparer.Ordinal);
        var beside = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!, "adapter_config.json");
        var text = metadata.GetValueOrDefault("lora_adapter_metadata")
            ?? (System.IO.Path.GetFileName(path).StartsWith("adapter_model", StringComparison.Ordinal) && File.Exists(beside)
                ? File.ReadAllText(beside) : null);
        if (text is null)
            return alphas;
        try
        {
            using var json = JsonDocument.Parse(text);
            foreach (var property in json.RootElement.EnumerateObject())
            {
                var name = property.Name[(property.Name.IndexOf('.', StringComparison.Ordinal) + 1)..];
                if (name == "lora_alpha" && property.Value.ValueKind == JsonValueKind.Number)
                    alphas[""] = property.Value.GetDouble();
                if (name != "alpha_pattern" || property.Value.ValueKind != JsonValueKind.Object)
                    continue;
                foreach (var module in property.Value.EnumerateObject().Where(module => module.Value.ValueKind == JsonValueKind.Number))
                    alphas[LoraKey.Parse(module.Name + ".alpha")?.Module ?? module.Name] = module.Value.GetDouble();
            }
        }
        catch (JsonException)
        {
            // Notes that cannot be read are no reason to refuse the weights: the scale is 1 then, as without notes.
        }

        return alphas;
    }
}
