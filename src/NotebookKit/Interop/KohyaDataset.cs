using System.Text;
using NotebookKit.Training;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Data;

namespace NotebookKit.Interop;

/// <summary>A run's pictures as kohya's dataset configuration.</summary>
internal static class KohyaDataset
{
    public static string Of(TrainOptions run, Losses losses)
    {
        losses.Take("size", "batch_size", "buckets", "instance_dir", "instance_prompt", "class_prompt", "class_dir", "class_images",
            "class_images_per_instance");
        losses.Take([.. KohyaNames.Subset.Select(pair => pair.Setting)]);
        var regular = run.UsesClassImages && run.Concepts.Any(concept => concept.ClassPrompt is not null);
        var text = new StringBuilder("# Written by kit export-config; its keys are those of sd-scripts' dataset_config.\n[general]\n");
        text.Line("shuffle_caption", run.Images.ShuffleCaptions);
        if (run.Images.ShuffleCaptions)
            text.Line("keep_tokens", 1); // the first part stays first
        text.Append("\n[[datasets]]\n").Line("resolution", run.Images.Size ?? 512)
            .Line("batch_size", (run.Intervals.BatchSize ?? 1) * (regular ? 2 : 1)).Line("enable_bucket", run.Images.Buckets);
        foreach (var concept in run.Concepts)
        {
            Subject(text, run, concept, losses);
            if (concept.ClassPrompt is not null && run.UsesClassImages)
                text.Append("\n  [[datasets.subsets]]\n").Line("  is_reg", true)
                    .Line("  image_dir", ClassImages.FolderOf(run, concept)).Line("  class_tokens", concept.ClassPrompt)
                    .Line("  caption_extension", ".txt");
        }

        return text.ToString();
    }

    private static void Subject(StringBuilder text, TrainOptions run, Concept concept, Losses losses)
    {
        text.Append("\n  [[datasets.subsets]]\n").Line("  image_dir", Path.GetFullPath(concept.InstanceDir))
            .Line("  num_repeats", concept.Repeats ?? 1).Line("  flip_aug", run.Images.Flip).Line("  random_crop", run.Images.RandomCrop);
        if (run.Images.CaptionDropout > 0)
            text.Line("  caption_dropout_rate", run.Images.CaptionDropout);
        var at = concept.InstancePrompt.IndexOf(TrainOptions.FileWords, StringComparison.Ordinal);
        if (at < 0)
        {
            // No picture has a caption with this ending, so that the prompt alone counts.
            text.Line("  class_tokens", concept.InstancePrompt).Line("  caption_extension", ".none");
            return;
        }

        text.Line("  caption_extension", concept.CaptionExtension ?? ".txt");
        var (before, after) = (concept.InstancePrompt[..at].Trim(), concept.InstancePrompt[(at + TrainOptions.FileWords.Length)..].Trim());
        if (before.Length > 0)
            text.Line("  caption_prefix", before);
        if (after.Length > 0)
            text.Line("  caption_suffix", after);
        // Where the tokens would change a caption, it is not the caption that the kit trains with.
        var written = Directory.Exists(concept.InstanceDir) ? TrainingPicture.Read(concept)
            .Where(picture => picture.Prompt != Text.FileWords.Tidy($"{before} {concept.CaptionOf(picture.Path)} {after}")).ToList() : [];
        if (written.Count > 0)
            losses.Tell("instance_token", $"the kit writes it into {written.Count} captions (\"{written[0].Prompt}\"); sd-scripts takes "
                + "captions as they are: write the prompts into the files.");
        else
            losses.Take("instance_token", "class_token", "instance_token_only");
        if (KohyaFolder.Of(concept.InstanceDir) is { } folder)
            text.Line("  class_tokens", folder.Words);
    }
}
