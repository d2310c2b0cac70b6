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
        using var scope = NewDisposeScope();
        var (loaded, refused) = Load(file.Path);
        var incomplete = loaded?.Problems.Where(problem => problem.Cause is LoraCause.Damage or LoraCause.NotFinite)
            .SelectMany(problem => problem.Names).ToList() ?? [];
        var downs = keys.Where(pair => pair.Key?.Part == "lora_down" && pair.Entry.Shape.Count > 1).ToList();
        var text = modules.Count(module => module.Key.StartsWith(LoraModules.TextPrefix, StringComparison.Ordinal));
        var (width, xl) = (Width(downs.Select(pair => (pair.Key!.Value.Module, pair.Entry))),
            loaded?.Family == LoraFamily.Sdxl);
        var method = Method(keys.Select(pair => pair.Key?.Part ?? "").ToHashSet());
        var ranks = loaded?.Modules.Where(module => module.Rank is not null).GroupBy(module => module.Rank)
            .OrderByDescending(group => group.Count()).Select(group => $"{group.Key} ({group.Count()} layers)").ToList() ?? [];
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
                ["alpha"] = Alphas(loaded, keys.Any(pair => pair.Key?.Part is "alpha" or "scale")),
                ["format"] = Format(keys.Select(pair => pair.Entry.Name)),
                ["convolutions"] = downs.Any(pair => pair.Entry.Shape is [_, _, > 1, _]) ? "yes (LoCon)" : "no",
            },
            Findings = [.. start.Findings, .. Findings(method, loaded, refused, xl || width == 2048)],
        };
    }

    // Of other methods than plain LoRA, which tools file under the same name.
    private static string? Method(HashSet<string> parts) =>
        AdapterKind.All.FirstOrDefault(kind => kind is not LoraKind && kind.Endings.Values.Any(parts.Contains))?.Name
        ?? (parts.Contains("dora_scale") ? "DoRA" : parts.Contains("lora_mid") ? "LoCon with Tucker decomposition" : null);

    private static IEnumerable<Finding> Findings(string? method, LoraFile? loaded, string? refused, bool xl)
    {
        if (refused is not null)
            yield return new Finding("It does not load.", refused);
        else if (method is not null && !loaded!.IsEmpty)
            yield return new Finding($"It uses {method}.", "The kit reads it, and so does the web UI from 1.5 on.");
        foreach (var problem in loaded?.Problems ?? [])
            yield return new Finding($"It has {problem}.", problem.Cause switch
            {
                LoraCause.NotFinite => "Training overflowed; train again at a lower rate, or take an earlier checkpoint.",
                LoraCause.UnreadKind => "The kit leaves that out; use a kind that it reads.",
                LoraCause.ForeignNames => "They are left out; check that the file is a LoRA for Stable Diffusion.",
                _ => "The file is incomplete; get it again.",
            });
        if (loaded is { IsEmpty: true })
            yield return new Finding("No layer of it works.", loaded.Emptiness);
        if (xl)
            yield return new Finding("It is for SDXL.",
                "It has no effect on Stable Diffusion 1.x, which the kit trains; get one for that base.");
    }

    // What the cross attention takes in is as wide as the text encoder of the base.
    private static long? Width(IEnumerable<(string Module, WeightEntry Down)> downs) =>
        downs.FirstOrDefault(pair => pair.Module.EndsWith("attn2_to_k", StringComparison.Ordinal)).Down?.Shape[1];

    // As the loader counts them, whether they stand in the tensors or in PEFT's settings.
    private static string Alphas(LoraFile? loaded, bool stored)
    {
        var alphas = loaded?.Modules.Where(module => module.StoredAlpha is not null)
            .Select(module => (Alpha: module.StoredAlpha!.Value, module.Rank)).ToList() ?? [];
        return alphas.Count == 0 || (!stored && alphas.TrueForAll(module => module.Alpha == module.Rank))
            ? "none: the weights count in full (alpha = rank)"
            : string.Join(", ", alphas.Select(module => module.Alpha).Distinct().Order().Take(8)
                .Select(value => value.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }

    private static (LoraFile? File, string? Refused) Load(string path)
    {
        try
        {
            return (LoraFile.Read(path), null);
        }
        catch (BadInputException e)
        {
            return (null, e.Message);
        }
    }

    private static string Format(IEnumerable<string> names) => names.First() switch
    {
        var name when name.StartsWith("lora_", StringComparison.Ordinal) => "kohya",
        var name when name.Contains(".lora_A.", StringComparison.Ordinal) || name.Contains(".lora_B.", StringComparison.Ordinal) => "PEFT",
        _ => "diffusers",
    };
}
