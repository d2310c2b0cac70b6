using NotebookKit.Training;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Settings;

namespace NotebookKit.Studio;

/// <summary>Where a setting stands in the panel of the web UI's DreamBooth extension, and what tutorials of it say that it is.</summary>
internal static class ArticleGroups
{
    /// <summary>The groups, as the panel has them.</summary>
    public static readonly string[] Names =
        ["method", "concepts", "intervals", "batching", "learning_rate", "image_processing", "tuning", "saving", "samples"];

    private static readonly Dictionary<string, string> Moved = new()
    {
        ["sample_every"] = "intervals",
        ["sample_at_first"] = "intervals",
        ["save_every"] = "intervals",
        ["batch_size"] = "batching",
        ["gradient_accumulation"] = "batching",
        ["optimizer"] = "tuning",
        ["max_grad_norm"] = "tuning",
        ["ema_decay"] = "tuning",
        ["train_text_encoder"] = "tuning",
        ["text_encoder_ratio"] = "tuning",
        ["seed"] = "tuning",
        ["sample_prompts"] = "samples",
        ["sample_negative_prompt"] = "samples",
        ["samples_per_prompt"] = "samples",
    };

    // "Stable Diffusion (3): DreamBooth", with the extension's own values where it names none.
    private static readonly Dictionary<string, string> Values = new()
    {
        ["method"] = "dreambooth",
        ["instance_prompt"] = "photo of tangrabbittoy",
        ["class_prompt"] = "photo of a toy",
        ["epochs"] = "100",
        ["sample_every"] = "10",
        ["learning_rate"] = "2e-6; LoRA 1e-4",
        ["text_learning_rate"] = "5e-5",
        ["schedule"] = "constant_with_warmup",
        ["warmup"] = "0; beginners 500",
        ["text_encoder_ratio"] = "0",
        ["prior_loss_weight"] = "0.15–0.4",
        ["rank"] = "32",
        ["sample_negative_prompt"] = "worst quality, low quality",
        ["class_negative_prompt"] = "worst quality, low quality",
        ["samples_per_prompt"] = "5",
        ["class_images_per_instance"] = "1",
        ["sample_prompts"] = "[filewords]",
    };

    /// <summary>The group of a setting.</summary>
    public static string Of(Setting setting) => Moved.TryGetValue(setting.Name, out var group) ? group : setting.Theme switch
    {
        nameof(Concept) => "concepts",
        nameof(TrainOptions.Intervals) => "intervals",
        nameof(TrainOptions.Learning) => "learning_rate",
        nameof(TrainOptions.Images) => "image_processing",
        nameof(TrainOptions.Loss) or nameof(TrainOptions.Memory) => "tuning",
        nameof(TrainOptions.Saving) => "saving",
        nameof(TrainOptions.Samples) => "samples",
        _ => "method",
    };

    /// <summary>What the article says that a setting is; null where it says nothing.</summary>
    public static string? ValueOf(Setting setting) => Values.GetValueOrDefault(setting.Name);
}
