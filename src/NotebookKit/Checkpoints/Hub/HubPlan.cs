
namespace NotebookKit.Checkpoints.Hub;

/// <summary>Which files of a repository a model needs: one set of weights of each network, not every format that is there.</summary>
/// <param name="Files">Paths to fetch.</param>
/// <param name="Indexes">Those of them that name further files.</param>
/// <param name="SingleFile">The checkpoint, where the repository has no diffusers layout.</param>
internal sealed record HubPlan(IReadOnlyList<string> Files, IReadOnlyList<string> Indexes, string? SingleFile)
{
    private static readonly string[] Configs =
        ["model_index.json", "scheduler/scheduler_config.json", "unet/config.json", "vae/config.json", "text_encoder/config.json"];

    private static readonly string[] Tokenizer = ["tokenizer/merges.txt", "tokenizer/vocab.json", "tokenizer/tokenizer_config.json",
        "tokenizer/special_tokens_map.json"];

    private static readonly (string Folder, string File)[] WeightFiles =
        [("unet", WeightFolder.DiffusersName), ("vae", WeightFolder.DiffusersName), ("text_encoder", WeightFolder.TransformersName)];

    /// <summary>The plan for a repository with these files.</summary>
    /// <exception cref="BadInputException">It holds no Stable Diffusion; the sentence says what is missing.</exception>
    public static HubPlan For(string model, IEnumerable<string> paths, string? variant)
    {
        var there = paths.ToHashSet(StringComparer.Ordinal);
        if (!there.Contains(Configs[0]))
            return Single(model, there);
        if (Configs.FirstOrDefault(path => !there.Contains(path)) is { } missing)
            throw new BadInputException($"{model} is no whole Stable Diffusion: it lacks {missing}.");
        var chosen = WeightFiles.Select(part => Weights(model, there, part.Folder, part.File, variant)).ToList();
        return new HubPlan([.. Configs, .. Tokenizer.Where(there.Contains), .. chosen],
            [.. chosen.Where(path => path.EndsWith(".json", StringComparison.Ordinal))], null);
    }

    /// <summary>The path of a file beside another one.</summary>
    public static string Beside(string path, string name) => path[..(path.LastIndexOf('/') + 1)] + name;

    private static string Weights(string model, HashSet<string> there, string folder, string file, string? variant)
    {
        var names = variant is null ? WeightFolder.Names(file, "").Concat(WeightFolder.Names(file, "fp16"))
            : WeightFolder.Names(file, variant);
        return names.Select(name => $"{folder}/{name}").FirstOrDefault(there.Contains)
            ?? throw new BadInputException($"{model} has no weights in {folder}/{(variant is null ? "" : $" of the variant {variant}")}; "
                + "it is no Stable Diffusion that loads here.");
    }

    // Of several checkpoints, the safe format first, then the one without a second copy for training.
    private static HubPlan Single(string model, HashSet<string> there)
    {
        var candidates = there.Where(path => !path.Contains('/') && Path.GetExtension(path) is ".safetensors" or ".ckpt"
            && !path.Contains(".vae.", StringComparison.Ordinal)).ToList();
        var best = candidates
            .OrderBy(path => path.EndsWith(".ckpt", StringComparison.Ordinal))
            .ThenBy(path => !path.Contains("emaonly", StringComparison.Ordinal))
            .ThenBy(path => !path.Contains("pruned", StringComparison.Ordinal))
            .ThenBy(path => path, StringComparer.Ordinal)
            .FirstOrDefault() ?? throw new BadInputException(
                $"{model} holds no model_index.json and no checkpoint; it is no Stable Diffusion that loads here.");
        return new HubPlan([best], [], best);
    }
}
