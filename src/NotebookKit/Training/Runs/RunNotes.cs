using NotebookKit.Training.Settings;
using System.Globalization;
using System.Text.Json;
using NotebookKit.Pipeline;
using NotebookKit.Training.Data;

namespace NotebookKit.Training.Runs;

/// <summary>What kohya's tools and the web UI show about a LoRA: its <c>ss_</c> notes.</summary>
internal static class RunNotes
{
    public static Dictionary<string, string> Of(StableDiffusion sd, TrainOptions options, IReadOnlyList<StepRecord> history, int epochs,
        TrainData data) => new(Setting.All.SelectMany(setting => setting.Notes(options)))
        {
            ["ss_output_name"] = Path.GetFileNameWithoutExtension(options.OutputPath),
            ["ss_sd_model_name"] = Path.GetFileName(Path.TrimEndingDirectorySeparator(sd.Folder)),
            ["ss_base_model_version"] = "sd_v1",
            ["ss_training_comment"] = $"NotebookKit DreamBooth: \"{options.Concepts[0].InstancePrompt}\" / "
            + $"\"{options.Concepts[0].ClassPrompt}\"",
            ["ss_text_encoder_lr"] = options.TextRatio > 0 ? Text(options.Learning.TextRate!.Value) : "0.0",
            ["ss_num_epochs"] = Text(options.EpochsInAll),
            ["ss_epoch"] = Text(epochs),
            ["ss_steps"] = Text(history.Count),
            ["ss_num_train_images"] = Text(data.Pictures.Count),
            ["ss_num_reg_images"] = Text(data.ClassFiles.Count),
            ["ss_sd_model_hash"] = sd.Hash ?? "None",
            ["ss_tag_frequency"] = Tags(data),
            ["ss_resolution"] = $"({options.Images.Size}, {options.Images.Size})",
        };

    // How often each caption, and each part of one between commas, was seen: {"folder": {"tag": 2}}, as kohya counts.
    private static string Tags(TrainData data) => JsonSerializer.Serialize(
        data.Pictures.GroupBy(picture => Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(picture.Path))) ?? "").ToDictionary(
            folder => folder.Key,
            folder => folder.SelectMany(picture =>
                picture.Prompt.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).GroupBy(tag => tag)
                    .ToDictionary(tag => tag.Key, tag => tag.Count())));

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
