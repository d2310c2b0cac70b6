using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NotebookKit.Checkpoints;
using NotebookKit.Lora;
using NotebookKit.Lora.Files;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Parity;

/// <summary>Which layers a LoRA of the real Stable Diffusion 1.5 has, by what names, and how large its file is to the byte.</summary>
internal static partial class LoraKeyParity
{
    private const string Area = "lora";

    /// <summary>The lists and sizes of every JSON file of the folder but the manifest.</summary>
    public static void Run(ReferenceFolder folder, ParityReport report)
    {
        foreach (var file in Directory.EnumerateFiles(folder.FolderPath, "*.json").Select(file => Path.GetFileName(file))
            .Where(file => file != "manifest.json").Order(StringComparer.Ordinal))
        {
            var json = folder.LoadJson(file);
            if (json is JsonArray sizes)
            {
                foreach (var size in sizes.OfType<JsonObject>().Where(size => size["rank"] is not null && size["kind"] is not null))
                    report.Run(Area, $"{Path.GetFileNameWithoutExtension(file)}.{size["kind"]}.r{size["rank"]}", m => CompareSize(m, size));
            }
            else if (json is JsonObject lists)
            {
                foreach (var (name, keys) in lists.Where(list => list.Value is JsonObject))
                    report.Run(Area, $"{Path.GetFileNameWithoutExtension(file)}.{name}", m => CompareKeys(m, name, keys!.AsObject()));
            }
        }
    }

    /// <summary>The names and shapes of a case's file against those of a network made with the case's options.</summary>
    public static void CompareCase(Measurement measurement, ReferenceFolder folder, string name, JsonObject reference)
    {
        var file = SafetensorsHeader.Read(folder.PathOf($"{name}.safetensors")).Tensors;
        using var unet = SiblingModels.UNet(folder);
        using var text = SiblingModels.TextEncoder(folder);
        if (reference["modules"] is { } modules)
            measurement.Add("modules",
                Math.Abs((int)modules - file.Keys.Count(key => key.EndsWith(".lora_down.weight", StringComparison.Ordinal))), 0);
        if (reference["params_without_alpha"] is { } parameters)
            measurement.Add("parameters",
                Math.Abs((long)parameters - file.Values.Where(entry => entry.Shape.Count > 0)
                    .Sum(entry => entry.Shape.Aggregate(1L, (product, size) => product * size))), 0);
        var arguments = reference["args"] as JsonObject ?? [];
        if (arguments.Any(argument => argument.Key is not ("conv_dim" or "conv_alpha" or "drop_alpha")))
            return; // ranks block by block are kohya's own numbering; the file is read as it is
        var options = new LoraOptions
        {
            Rank = (int)reference["dim"]!,
            ConvRank = (int?)arguments["conv_dim"],
            Targets = (bool?)reference["unet"] == false ? LoraTargets.Matching(@"^text_encoder\..*\.(self_attn|mlp)\.")
                : arguments["conv_dim"] is null ? LoraTargets.Kohya : LoraTargets.Locon,
        };
        var expected = LoraSize.Tensors(unet, (bool?)reference["text_encoder"] == false ? null : text, options)
            .Where(tensor => (bool?)arguments["drop_alpha"] != true || !tensor.Name.EndsWith(".alpha", StringComparison.Ordinal));
        Compare(measurement, "keys", expected, file.ToDictionary(entry => entry.Key, entry => entry.Value.Shape.ToArray()));
    }

    private static void CompareSize(Measurement measurement, JsonObject size)
    {
        var parts = ((string?)size["kind"] ?? "").Split('+');
        var rank = (int)size["rank"]!;
        var options = new LoraOptions { Rank = rank, Targets = parts.Contains("conv") ? LoraTargets.Locon : LoraTargets.Kohya };
        foreach (var (name, dtype) in new[] { ("fp16", ScalarType.Float16), ("fp32", ScalarType.Float32), ("bf16", ScalarType.BFloat16) })
        {
            if (size[$"{name}_data_bytes"] is not { } payload)
                continue;
            var actual = LoraSize.Of(Sd15.UNet, parts.Contains("te") ? Sd15.TextEncoder : null, options, dtype);
            Exactly("modules", actual.Modules, size["modules"]);
            Exactly("parameters", actual.Parameters, size["params_without_alpha"]);
            Exactly($"{name} payload bytes", actual.PayloadBytes, payload);
            Exactly($"{name} file bytes", actual.FileBytes, size[$"{name}_file_bytes_no_metadata"]);
        }

        void Exactly(string what, long actual, JsonNode? expected)
        {
            if (expected is not null)
                measurement.Add(what, Math.Abs(actual - (long)expected), 0);
        }
    }

    private static void CompareKeys(Measurement measurement, string list, JsonObject keys)
    {
        var shapes = keys.ToDictionary(key => key.Key, key => key.Value!.AsArray().Select(size => (long)size!).ToArray());
        var down = shapes.First(key => Down().IsMatch(key.Key)).Value;
        var options = new LoraOptions { Rank = (int)down[0] };
        IEnumerable<(string Name, long[] Shape)> expected = list switch
        {
            "unet_linear" => LoraSize.Tensors(Sd15.UNet, null, options with { Targets = LoraTargets.Kohya }),
            "te" => LoraSize.Tensors(Sd15.UNet, Sd15.TextEncoder, options with { Targets = LoraTargets.Kohya })
                .Where(tensor => tensor.Name.StartsWith("lora_te_", StringComparison.Ordinal)),
            "conv_extra" => LoraSize.Tensors(Sd15.UNet, null, options with { Targets = LoraTargets.Locon })
                .ExceptBy(LoraSize.Tensors(Sd15.UNet, null, options with { Targets = LoraTargets.Kohya }).Select(tensor => tensor.Name),
                    tensor => tensor.Name),
            _ => LoraSize.Tensors(Sd15.UNet, Sd15.TextEncoder, options with { Targets = LoraTargets.Attention },
                list.StartsWith("peft", StringComparison.Ordinal) ? LoraFormat.Peft : LoraFormat.Diffusers),
        };
        Compare(measurement, list, expected, shapes);
    }

    private static void Compare(Measurement measurement, string what, IEnumerable<(string Name, long[] Shape)> expected,
        Dictionary<string, long[]> actual)
    {
        var ours = expected.ToDictionary(tensor => tensor.Name, tensor => tensor.Shape);
        var wrong = ours.Keys.Union(actual.Keys)
            .Where(name => !ours.TryGetValue(name, out var mine) || !actual.TryGetValue(name, out var theirs)
                || !mine.SequenceEqual(theirs)).Order(StringComparer.Ordinal).ToList();
        measurement.Add(wrong.Count == 0 ? what : $"{what}: {wrong[0]}", wrong.Count, 0);
    }

    [GeneratedRegex(@"(lora_down|lora\.down|lora_linear_layer\.down|lora_A)\.weight$")]
    private static partial Regex Down();
}
