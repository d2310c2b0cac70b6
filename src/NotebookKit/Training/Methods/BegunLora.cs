using NotebookKit.Lora;
using NotebookKit.Lora.Files;
using NotebookKit.Pipeline;
using NotebookKit.Training.Settings;
using static TorchSharp.torch;

namespace NotebookKit.Training.Methods;

/// <summary>A run that begins with the weights of an existing LoRA: what it takes from the file, and what cannot be asked for
/// beside it.</summary>
internal static class BegunLora
{
    /// <summary>Refuses a file that is not there, and a method that trains no LoRA.</summary>
    /// <exception cref="BadSettingException">One of them.</exception>
    public static void Check(TrainOptions options)
    {
        if (options.Lora.Weights is not { } file)
            return;
        if (!options.WritesLora)
            throw new BadSettingException("--network-weights is the LoRA that a run begins with, so it needs --method lora or "
                + "lora_extended; a whole model is given as the base.");
        if (!Path.Exists(file))
            throw new BadSettingException($"There is no LoRA {file} to begin with; give --network-weights the path of one.");
    }

    /// <summary>The run's LoRA with kind, ranks and layers of the file.</summary>
    /// <exception cref="BadInputException">The file does not fit the base, or a setting contradicts it.</exception>
    public static LoraOptions Shaped(TrainOptions options, StableDiffusion sd)
    {
        Check(options);
        using var scope = NewDisposeScope();
        var file = options.Lora.Weights!;
        var continued = LoraContinuation.Read(file, sd.UNet, sd.TextEncoder);
        if (options.TextRatio > 0 && !continued.AdaptsText)
            throw new BadSettingException($"--text-encoder has nothing to train: {file} (--network-weights) adapts the UNet alone; leave "
                + "--text-encoder and --text-encoder-ratio out.");
        var shaped = continued.Shaped(options.Lora);
        foreach (var setting in Setting.All.Where(setting => setting.Needs.HasFlag(Need.NewLora)))
        {
            var (asked, its) = (Text(setting, setting.Of(options)), Text(setting, setting.Of(options with { Lora = shaped })));
            if (asked != its && asked != Text(setting, setting.Of(new TrainOptions())))
                throw new BadSettingException($"{setting.Flag} {asked} cannot be had beside --network-weights: {file} has "
                    + $"{(its.Length > 0 ? its : "none")}; leave {setting.Flag} out.");
        }

        return shaped;
    }

    /// <summary>What will surprise, a sentence each.</summary>
    public static IEnumerable<string> Notices(TrainOptions options, StableDiffusion sd)
    {
        if (options.Lora.Weights is not { } path || !options.WritesLora)
            yield break;
        using var scope = NewDisposeScope();
        var file = LoraFile.Read(path);
        if (options.TextRatio == 0 && file.Modules.Any(weights => weights.Module.StartsWith("lora_te_", StringComparison.Ordinal)))
            yield return $"{Path.GetFileName(path)} adapts the text encoder too; that part acts, and stays as it is, as the text encoder "
                + "is not trained.";
        if (sd.Hash is { } hash && file.Metadata.TryGetValue("ss_sd_model_hash", out var then) && then != "None" && then != hash)
            yield return $"{Path.GetFileName(path)} was trained on the base {file.Metadata.GetValueOrDefault("ss_sd_model_name", then)} "
                + $"({then}), not on this one ({hash}).";
    }

    private static string Text(Setting setting, object? value) =>
        value is null ? "" : string.Join(' ', SettingText.WriteAll(setting, value));
}
