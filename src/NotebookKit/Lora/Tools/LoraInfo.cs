using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using NotebookKit.Lora.Files;
using NotebookKit.Lora.Kinds;
using NotebookKit.Pipeline;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Tools;

/// <summary>How large a LoRA's changes are in one block of the model.</summary>
/// <param name="Block">Such as down_blocks.1, mid_block, text.</param>
/// <param name="Modules">Adapted layers in it.</param>
/// <param name="Norm">‖ΔW‖ over all of them, before DoRA.</param>
/// <param name="Relative">‖ΔW‖ / ‖W‖ over them; null without a base.</param>
public sealed record LoraBlock(string Block, int Modules, double Norm, double? Relative);

/// <summary>What a LoRA file is: its shape, its strength, what its notes say, and why it may have no effect.</summary>
/// <param name="Family">Which models it is for.</param>
/// <param name="BaseModel">The base it was trained on, by its notes; null where they do not tell.</param>
/// <param name="BaseHash">The hash of that base.</param>
/// <param name="Kinds">How many layers there are of each kind.</param>
/// <param name="Ranks">How many layers have each rank.</param>
/// <param name="Alphas">How many layers have each alpha.</param>
/// <param name="TextModules">Layers in the text encoder.</param>
/// <param name="UNetModules">Layers in the UNet.</param>
/// <param name="Parameters">Numbers in all, alphas left out.</param>
/// <param name="TriggerWords">What its captions said, the most frequent first, with how often.</param>
/// <param name="Embeddings">Words whose embeddings came along.</param>
/// <param name="Blocks">Strength block by block.</param>
/// <param name="Problems">What in the file does not work.</param>
/// <param name="Diagnosis">Reasons for it to have little or no effect; empty when none was found.</param>
/// <param name="Notes">The training settings of the notes.</param>
public sealed partial record LoraInfo(
    LoraFamily Family, string? BaseModel, string? BaseHash, IReadOnlyDictionary<string, int> Kinds, IReadOnlyDictionary<int, int> Ranks,
    IReadOnlyDictionary<double, int> Alphas,
    int TextModules, int UNetModules, long Parameters, IReadOnlyDictionary<string, int> TriggerWords, IReadOnlyList<string> Embeddings,
    IReadOnlyList<LoraBlock> Blocks,
    IReadOnlyList<string> Problems, IReadOnlyList<string> Diagnosis, IReadOnlyDictionary<string, string> Notes)
{
    private static readonly string[] Settings =
        ["ss_output_name", "ss_training_comment", "ss_learning_rate", "ss_unet_lr", "ss_text_encoder_lr", "ss_lr_scheduler",
            "ss_num_epochs", "ss_steps", "ss_optimizer", "ss_resolution", "ss_num_train_images", "ss_num_reg_images",
            "ss_prior_loss_weight", "ss_seed"];

    // Below this share of the weights a change is lost in the sampling's own noise.
    private const double Faint = 1e-4;

    // What says nothing of the subject.
    private static readonly string[] Ordinary =
        ["a", "an", "the", "of", "in", "on", "at", "with", "by", "and", "to", "is", "photo", "photograph", "picture", "image", "painting",
            "drawing", "style"];

    /// <summary>Looks at a file, alone or beside a base and a prompt.</summary>
    /// <param name="file">The LoRA.</param>
    /// <param name="sd">The base it is to act on, or null.</param>
    /// <param name="prompt">The prompt it is to act in, or null.</param>
    public static LoraInfo Of(LoraFile file, StableDiffusion? sd = null, string? prompt = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        if (file.Modules.Where(module => !module.IsFinite()).Select(module => module.Module).ToList() is { Count: > 0 } broken)
            file = file with
            {
                Modules = [.. file.Modules.Where(module => module.IsFinite())],
                Problems = [.. file.Problems, new LoraProblem(LoraProblem.NotFinite, broken) { Cause = LoraCause.NotFinite }]
            };
        var targets = sd is null ? null : LoraModules.ByName(sd.UNet, sd.TextEncoder);
        var named = file.Unnamed.SelectMany(part => targets is null ? [] : part.Named(targets.Values.Distinct()) ?? []);
        AdapterWeights[] modules = [.. file.Modules, .. named];
        var rows = modules.Select(module =>
        {
            var target = targets?.GetValueOrDefault(module.Module);
            return (module.Module, Norm: NormOf(module, target), Weight: target?.Weight.norm().to(ScalarType.Float32).item<float>());
        }).ToList();
        var triggers = Triggers(file.Metadata);
        var info = new LoraInfo(
            file.Family, Note("ss_sd_model_name"), Note("ss_new_sd_model_hash") ?? Note("ss_sd_model_hash"),
            Counted(modules.Select(module => module.Kind)), Counted(modules.Select(module => module.Rank).OfType<int>()),
            Counted(modules.Select(module => module.StoredAlpha).OfType<double>()),
            modules.Count(module => IsText(module.Module)), modules.Count(module => !IsText(module.Module)),
            modules.Sum(module => module.Tensors.Sum(tensor => tensor.NumberOfElements))
                + modules.SelectMany(module => module.Shared).DistinctBy(shared => shared.Name)
                    .Sum(shared => shared.Tensor.NumberOfElements), triggers, [.. file.Embeddings.Keys],
            [.. rows.GroupBy(row => BlockOf(row.Module)).OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => new LoraBlock(group.Key, group.Count(), Length(group.Select(row => row.Norm)),
                    Share(group.Select(row => (row.Norm, row.Weight)))))],
            [.. (sd is null ? file.Problems : Fit(file, sd)).Select(problem => problem.ToString())], [],
            Settings.Where(file.Metadata.ContainsKey).ToDictionary(key => key, key => file.Metadata[key]));
        return info with { Diagnosis = [.. Diagnose(file, modules, rows, info, sd, prompt)] };

        string? Note(string key) => file.Metadata.GetValueOrDefault(key) is { Length: > 0 } value && value != "None" ? value : null;
    }

    private static IEnumerable<string> Diagnose(LoraFile file, AdapterWeights[] modules,
        List<(string Module, double Norm, float? Weight)> rows, LoraInfo info, StableDiffusion? sd, string? prompt)
    {
        var still = rows.Count(row => row.Norm == 0);
        if (rows.Count > 0 && still == rows.Count)
            yield return "Every change is zero: the up weights were never trained (too few steps, a warmup longer than the training, or a "
                + "learning rate of 0).";
        else if (still > 0)
            yield return $"{still} of {rows.Count} layers change nothing: their up weights are zero.";
        if (modules.Any(module => module.StoredAlpha == 0 && module is not OftWeights))
            yield return "Alpha is 0 in some layers, which switches them off whatever the multiplier.";
        if (modules.OfType<LoraWeights>().Select(module => module.Scale).Where(scale => scale is > 0 and < 0.05)
            .ToList() is { Count: > 0 } small)
            yield return string.Create(CultureInfo.InvariantCulture,
                $"alpha / rank is only {small.Min():0.###}: "
                + $"the LoRA needs a higher multiplier, or was trained with an alpha far below its rank.");
        if (file.Problems.Any(problem => problem.Cause == LoraCause.NotFinite))
            yield return "Some layers hold NaN or infinity, as fp16 training with too high a rate leaves them; they are left out.";
        if (rows.Count > 0 && info.UNetModules == 0)
            yield return "It adapts the text encoder alone: with a prompt whose words were not trained it does next to nothing.";
        if (sd is not null)
        {
            var fitting = LoraFit.Of(file, sd.UNet, sd.TextEncoder);
            var (fits, all) = (fitting.Layers.Count, file.Modules.Count + file.Unnamed.Sum(part => part.Pairs.Count));
            fitting.Dispose();
            if (fits < all)
                yield return $"Only {fits} of {all} layers fit this "
                    + $"base{(info.Family == LoraFamily.Sdxl ? ": the file is for SDXL" : info.Family == LoraFamily.Sd2 ? ": the file is "
                        + "for Stable Diffusion 2.x" : "")}.";
            if (Share(rows.Select(row => (row.Norm, row.Weight))) is { } share and < Faint and > 0)
                yield return string.Create(CultureInfo.InvariantCulture,
                    $"The changes are {share:0.#E+0} of the weights they change, "
                    + $"too little to be seen: train longer or at a higher rate, or raise the multiplier.");
            if (info.BaseHash is { } hash && sd.Hash is { } own && !hash.StartsWith(own, StringComparison.OrdinalIgnoreCase))
                yield return $"It was trained on another base ({info.BaseModel ?? hash[..Math.Min(10, hash.Length)]}) than this one "
                    + $"({sd.Name}); related bases work, others do not.";
        }

        if (prompt is not null && Expected(info.TriggerWords, file.Metadata).ToList() is { Count: > 0 } expected
            && !expected.Intersect(WordsOf(prompt)).Any())
            yield return "The prompt has none of the words that stood in nearly every caption; put in "
                + $"\"{string.Join(' ', expected.Take(5))}\".";
    }

    // Words that nearly every caption had, beside those that every caption has; a file's own trigger phrase before all.
    private static IEnumerable<string> Expected(IReadOnlyDictionary<string, int> captions, IReadOnlyDictionary<string, string> notes)
    {
        if (notes.GetValueOrDefault("modelspec.trigger_phrase") is { Length: > 0 } phrase)
            return WordsOf(phrase).Except(Ordinary);
        var counts = captions.SelectMany(caption => WordsOf(caption.Key).Select(word => (Word: word, Count: caption.Value)))
            .GroupBy(pair => pair.Word).Select(group => (Word: group.Key, Count: group.Sum(pair => pair.Count))).ToList();
        var most = counts.Select(word => word.Count).DefaultIfEmpty().Max();
        return counts.Where(word => word.Count >= 0.8 * most).Select(word => word.Word).Except(Ordinary);
    }

    private static IEnumerable<string> WordsOf(string text) =>
        Words().Matches(text.ToLowerInvariant()).Select(match => match.Value).Distinct();

    private static IReadOnlyList<LoraProblem> Fit(LoraFile file, StableDiffusion sd)
    {
        using var fit = LoraFit.Of(file, sd.UNet, sd.TextEncoder);
        return fit.Problems;
    }

    // A layer of another shape is told of where the file is fitted to the base.
    private static double NormOf(AdapterWeights module, LoraModule? target)
    {
        using var scope = NewDisposeScope();
        try
        {
            return module.Norm(target is null || module.Fitted(target) is null ? null : target.Weight.detach());
        }
        catch (BadInputException)
        {
            return module.Norm(null);
        }
    }

    private static double Length(IEnumerable<double> norms) => Math.Sqrt(norms.Sum(norm => norm * norm));

    private static double? Share(IEnumerable<(double Norm, float? Weight)> rows)
    {
        var known = rows.Where(row => row.Weight is not null).ToList();
        return known.Count == 0 ? null : Length(known.Select(row => row.Norm)) / Length(known.Select(row => (double)row.Weight!.Value));
    }

    // kohya's ss_tag_frequency: {"10_zwx toy": {"photo of zwx toy": 3, …}, …}
    private static IReadOnlyDictionary<string, int> Triggers(IReadOnlyDictionary<string, string> notes)
    {
        var counts = new Dictionary<string, int>();
        if (notes.GetValueOrDefault("modelspec.trigger_phrase") is { Length: > 0 } phrase)
            counts[phrase] = 1;
        try
        {
            using var json = JsonDocument.Parse(notes.GetValueOrDefault("ss_tag_frequency") ?? "{}");
            foreach (var folder in json.RootElement.EnumerateObject().Where(folder => folder.Value.ValueKind == JsonValueKind.Object))
            {
                foreach (var tag in folder.Value.EnumerateObject().Where(tag => tag.Value.TryGetInt32(out _)))
                    counts[tag.Name.Trim()] = counts.GetValueOrDefault(tag.Name.Trim()) + tag.Value.GetInt32();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Notes of other tools may be anything; without them there are just no words to show.
        }

        return counts.OrderByDescending(count => count.Value).ThenBy(count => count.Key, StringComparer.Ordinal).ToDictionary();
    }

    private static Dictionary<T, int> Counted<T>(IEnumerable<T> values) where T : notnull =>
        values.GroupBy(value => value).OrderByDescending(group => group.Count()).ToDictionary(group => group.Key, group => group.Count());

    private static bool IsText(string module) => module.StartsWith(LoraModules.TextPrefix, StringComparison.Ordinal);

    private static string BlockOf(string module)
    {
        if (IsText(module))
            return "text";
        var match = Block().Match(module);
        return match.Success ? match.Groups[1].Value + (match.Groups[2].Success ? "." + match.Groups[2].Value : "") : "other";
    }

    [GeneratedRegex(@"[\p{L}\p{N}]+")]
    private static partial Regex Words();

    [GeneratedRegex(@"^lora_unet_(down_blocks|up_blocks|input_blocks|output_blocks|mid_block|middle_block)(?:_(\d+))?")]
    private static partial Regex Block();
}
