using System.Globalization;
using System.Text.Json;
using NotebookKit.Pipeline;
using NotebookKit.Training.Data;

namespace NotebookKit.Training.Runs;

/// <summary>What kohya's tools and the web UI show about a LoRA: its <c>ss_</c> notes.</summary>
internal static class RunNotes
{
    public static Dictionary<string, string> Of(StableDiffusion sd, TrainOptions options, IReadOnlyList<StepRecord> history, int epochs, TrainData data) => new()
    {
        ["ss_output_name"] = Path.GetFileNameWithoutExtension(options.OutputPath),
        ["ss_sd_model_name"] = Path.GetFileName(Path.TrimEndingDirectorySeparator(sd.Folder)),
        ["ss_base_model_version"] = "sd_v1",
        ["ss_training_comment"] = $"NotebookKit DreamBooth: \"{options.InstancePrompt}\" / \"{options.ClassPrompt}\"",
        ["ss_unet_lr"] = Text(options.LearningRate!.Value),
        ["ss_learning_rate"] = Text(options.LearningRate!.Value),
        ["ss_text_encoder_lr"] = options.TextRatio > 0 ? Text(options.TextLearningRate!.Value) : "0.0",
        ["ss_lr_scheduler"] = options.Schedule,
        ["ss_lr_warmup_steps"] = Text(options.Warmup),
        ["ss_num_epochs"] = Text(options.EpochsInAll),
        ["ss_epoch"] = Text(epochs),
        ["ss_steps"] = Text(history.Count),
        ["ss_num_train_images"] = Text(data.Pictures.Count),
        ["ss_num_reg_images"] = Text(data.ClassFiles.Count),
        ["ss_prior_loss_weight"] = Text(options.PriorLossWeight),
        ["ss_batch_size_per_device"] = Text(options.BatchSize!.Value),
        ["ss_gradient_accumulation_steps"] = Text(options.GradientAccumulation),
        ["ss_gradient_checkpointing"] = options.GradientCheckpointing ? "True" : "False",
        ["ss_max_grad_norm"] = Text(options.MaxGradNorm),
        ["ss_min_snr_gamma"] = options.SnrGamma is { } gamma ? Text(gamma) : "None",
        ["ss_noise_offset"] = options.NoiseOffset > 0 ? Text(options.NoiseOffset) : "None",
        ["ss_caption_dropout_rate"] = Text(options.CaptionDropout),
        ["ss_flip_aug"] = options.Flip ? "True" : "False",
        ["ss_random_crop"] = options.RandomCrop ? "True" : "False",
        ["ss_shuffle_caption"] = options.ShuffleCaptions ? "True" : "False",
        ["ss_enable_bucket"] = options.Buckets ? "True" : "False",
        ["ss_seed"] = Text(options.Seed),
        ["ss_optimizer"] = options.Optimizer.ToString(),
        ["ss_sd_model_hash"] = sd.Hash ?? "None",
        ["ss_network_dropout"] = options.LoraDropout > 0 ? Text(options.LoraDropout) : "None",
        ["ss_tag_frequency"] = Tags(data),
        ["ss_resolution"] = $"({options.Size}, {options.Size})",
    };

    // How often each caption, and each part of one between commas, was seen: {"folder": {"tag": 2}}, as kohya counts.
    private static string Tags(TrainData data) => JsonSerializer.Serialize(
        data.Pictures.GroupBy(picture => Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(picture.Path))) ?? "").ToDictionary(
            folder => folder.Key,
            folder => folder.SelectMany(picture => picture.Prompt.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).GroupBy(tag => tag).ToDictionary(tag => tag.Key, tag => tag.Count())));

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
