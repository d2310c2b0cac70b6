using NotebookKit.Checkpoints;
using NotebookKit.Lora;
using NotebookKit.Lora.Files;
using NotebookKit.Lora.Kinds;
using static TorchSharp.torch;

namespace NotebookKit.Inspection;

/// <summary>A report on a LoRA: its ranks, what it adapts, and for which base.</summary>
internal static class LoraInspection
{
    public static FileReport Of(WeightFile file, IProgress<double>? progress)
    {
        var start = FileInspector.Start(file, "a LoRA", progress, out _);
        var keys = file.Weights.Values.Where(entry => AdapterKind.SharedTensor(entry.Name) is null)
            .Select(entry => (Entry: entry, Key: LoraKey.Parse(entry.Name))).ToList();
        var unmatched = keys.Where(pair => pair.Key is null).Select(pair => pair.Entry.Name).ToList();
        var modules = keys.Where(pair => pair.Key is not null).GroupBy(pair => pair.Key!.Value.Module, StringComparer.Ordinal).ToList();
        var incomplete = modules.Where(module =>
            module.Any(pair => pair.Key!.Value.Part == "lora_down") != module.Any(pair => pair.Key!.Value.Part == "lora_up"))
                .Select(module => module.Key).ToList();
        var downs = keys.Where(pair => pair.Key?.Part == "lora_down" && pair.Entry.Shape.Count > 1).ToList();
        var text = modules.Count(module => module.Key.StartsWith(LoraModules.TextPrefix, StringComparison.Ordinal));
        var (width, xl) = (Width(downs.Select(pair => (pair.Key!.Value.Module, pair.Entry))),
            keys.Any(pair => pair.Entry.Name.StartsWith("lora_te2_", StringComparison.Ordinal)));
        var method = Method(keys.Select(pair => pair.Key?.Part ?? "").ToHashSet());
        var ranks = downs.GroupBy(pair => pair.Entry.Shape[0]).OrderByDescending(group => group.Count())
            .Select(group => $"{group.Key} ({group.Count()} layers)").ToList();
        var alphas = Alphas(file, keys.Where(pair => pair.Key?.Part == "alpha" && pair.Entry.ElementCount == 1).Select(pair => pair.Entry));
        return start with
        {
            Kind = method is null ? start.Kind : $"a LoRA's relative: {method}",
            Base = xl || width == 2048 ? "SDXL"
                : width switch { 768 => "SD 1.x", 1024 => "SD 2.x", null => null, _ => $"a UNet with text states {width} wide" },
            KeysMatched = keys.Count - unmatched.Count,
            KeysUnmatched = unmatched,
            KeysMissing = incomplete,
            Facts = new Dictionary<string, string>
            {
                ["modules"] = $"{modules.Count} ({modules.Count - text} UNet, {text} text encoder)",
                ["rank"] = ranks.Count == 0 ? "unknown" : string.Join(", ", ranks.Take(8)),
                ["alpha"] = alphas ?? "none: the weights count in full (alpha = rank)",
                ["format"] = Format(keys.Select(pair => pair.Entry.Name)),
                ["convolutions"] = downs.Any(pair => pair.Entry.Shape is [_, _, > 1, _]) ? "yes (LoCon)" : "no",
            },
            Findings = [.. start.Findings, .. Findings(method, unmatched, incomplete, xl || width == 2048)],
        };
    }

    // Of other methods than plain LoRA, which tools file under the same name.
    private static string? Method(HashSet<string> parts) =>
        AdapterKind.All.FirstOrDefault(kind => kind is not LoraKind && kind.Endings.Values.Any(parts.Contains))?.Name
        ?? (parts.Contains("dora_scale") ? "DoRA" : parts.Contains("lora_mid") ? "LoCon with Tucker decomposition" : null);

    private static IEnumerable<Finding> Findings(string? method, List<string> unmatched, List<string> incomplete, bool xl)
    {
        if (method is not null)
            yield return new Finding($"It uses {method}.", "The kit reads it, and so does the web UI from 1.5 on.");
        else if (unmatched.Count > 0)
            yield return new Finding($"{unmatched.Count} tensors have names that no LoRA has, the first of them {unmatched[0]}.",
                "It will not load; check that the file is a LoRA for Stable Diffusion.");
        if (incomplete.Count > 0)
            yield return new Finding($"{incomplete.Count} layers have only one of their two matrices, the first of them {incomplete[0]}.",
                "The file is incomplete; get it again.");
        if (xl)
            yield return new Finding("It is for SDXL.",
                "It has no effect on Stable Diffusion 1.x, which the kit trains; get one for that base.");
    }

    // What the cross attention takes in is as wide as the text encoder of the base.
    private static long? Width(IEnumerable<(string Module, WeightEntry Down)> downs) =>
        downs.FirstOrDefault(pair => pair.Module.EndsWith("attn2_to_k", StringComparison.Ordinal)).Down?.Shape[1];

    private static string? Alphas(WeightFile file, IEnumerable<WeightEntry> entries)
    {
        var values = new SortedSet<double>();
        foreach (var entry in entries)
        {
            using var value = file.Read(entry.Name);
            using var wide = value.to(ScalarType.Float64);
            values.Add(wide.item<double>());
        }

        return values.Count == 0 ? null
            : string.Join(", ", values.Take(8).Select(value => value.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }

    private static string Format(IEnumerable<string> names) => names.First() switch
    {
        var name when name.StartsWith("lora_", StringComparison.Ordinal) => "kohya",
        var name when name.Contains(".lora_A.", StringComparison.Ordinal) || name.Contains(".lora_B.", StringComparison.Ordinal) => "PEFT",
        _ => "diffusers",
    };
}
