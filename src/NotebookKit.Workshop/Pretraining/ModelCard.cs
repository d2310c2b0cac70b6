using System.Text;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>The README.md that lies beside exported weights.</summary>
internal static class ModelCard
{
    /// <summary>Writes the card of a checkpoint.</summary>
    public static string Write(PretrainOptions options, PretrainState state, long weightBytes)
    {
        var preset = options.Preset;
        var text = new StringBuilder();
        text.AppendLine("# base-mini: a miniature Stable Diffusion");
        text.AppendLine();
        text.AppendLine(Invariant(
            $"Stable Diffusion 1.x in small: VAE, CLIP text encoder and UNet with the field's own layer names, ",
            $"trained from nothing on the toy world (`src/NotebookKit.Workshop`), whose pictures are painted by code. ",
            $"It draws {preset.PictureSize}×{preset.PictureSize} pictures of toys, animals, houses, trees and flowers in ",
            $"eight colours, on six grounds, as photos, as oil paintings in the style of van gogh and as pencil sketches; it knows ",
            $"nothing else."));
        text.AppendLine();
        text.AppendLine("Recommended: DDIM, 20 to 25 steps, guidance scale 3. Prompts like \"a photo of a red rabbit toy on the grass\".");
        text.AppendLine();
        text.AppendLine("![What it draws: fixed prompts and seeds, 15 steps, guidance scale 4](samples.png)");
        text.AppendLine();
        text.AppendLine("## How it was made");
        text.AppendLine();
        text.AppendLine("| what | value |");
        text.AppendLine("|---|---|");
        AddHistory(text, options, state, weightBytes);
        text.AppendLine();
        if (state.Denoiser.Count > 0)
            AddReading(text, state.Denoiser);
        text.AppendLine("## Limits");
        text.AppendLine();
        text.AppendLine("Toys only: words outside the world's captions have random rows in the token table, which is what makes an "
            + "identifier such as `zwx` neutral.");
        text.AppendLine();
        text.AppendLine("Made entirely from this repository's code, under the repository's licence; but `tokenizer/merges.txt` and "
            + "`vocab.json` are OpenAI's CLIP vocabulary, under the MIT licence beside them.");
        return text.ToString();
    }

    private static void AddHistory(StringBuilder text, PretrainOptions options, PretrainState state, long weightBytes)
    {
        var preset = options.Preset;
        var workers = options.Workers ?? preset.Workers;
        var length = options.Steps is { } steps ? Invariant($"--steps {steps}")
            : Invariant($"--minutes {options.Minutes ?? preset.Minutes}");
        Row("command", $"`./kit pretrain --preset {preset.Name} --seed {options.Seed} --workers {workers} {length}`"
            + (workers > 1 ? " (several workers share weights without locks: not repeatable to the bit; `--workers 1` is)" : ""));
        Row("commit", options.Commit.Length > 0 ? options.Commit : "unknown");
        Row("hardware", Invariant($"{preset.Device}, {Environment.ProcessorCount} cores"));
        Row("pictures", Invariant(
            $"{preset.Scenes:N0} of the world as it is graded, {preset.Faces:N0} more of what has a face, ",
            $"{preset.Individuals:N0} of individuals; their mirror images; {preset.CaptionsPerPicture} captions each"));
        Row("painting and encoding", Invariant($"{state.PreparingSeconds:F0} s"));
        if (state.From is { } from)
            Row("went on from", $"`{from}`, with its VAE and its text encoder");
        if (state.Vae is { Seconds: > 0 } vae)
            Row("VAE", Invariant($"{vae.Seconds:F0} s, {vae.Pictures:N0} pictures; held-out PSNR {vae.Psnr:F1} dB"));
        if (state.Contrastive is { Seconds: > 0 } contrastive)
            Row("text encoder, contrastive",
                Invariant($"{contrastive.Seconds:F0} s; own caption is the nearest of {contrastive.Among} ",
                $"for {contrastive.Recall:P0} of held-out pictures"));
        if (state.Denoiser is [.., var last])
            Row(state.From is null ? "UNet and text encoder" : "UNet",
                Invariant($"{last.Seconds:F0} s, {last.Steps:N0} updates of {preset.Batch}, {last.Pictures:N0} pictures"));
        if (state.Decoder is { } decoder)
            Row("decoder alone", Invariant($"{decoder.Seconds:F0} s, {decoder.Pictures:N0} pictures; held-out PSNR {decoder.Psnr:F1} dB"));
        Row("weights", Invariant($"{weightBytes / 1e6:F2} MB, float16, averaged over updates"));

        void Row(string what, string value) => text.AppendLine($"| {what} | {value} |");
    }

    private static void AddReading(StringBuilder text, IReadOnlyList<DenoiserFigures> denoiser)
    {
        text.AppendLine("## Does it read its captions?");
        text.AppendLine();
        text.AppendLine("On held-out pictures at timesteps 350, 550 and 750: how often the true caption gives a lower error than the "
            + "same caption with one word swapped (chance 50 %), and by how much the wrong one's error is larger.");
        text.AppendLine();
        text.AppendLine("| minutes | pictures seen | loss | class | colour | background |");
        text.AppendLine("|---|---|---|---|---|---|");
        foreach (var at in denoiser)
            text.AppendLine(Invariant(
                $"| {at.Seconds / 60:F0} | {at.Pictures:N0} | {at.Loss:F3} ",
                $"| {Share(at.Class)} | {Share(at.Color)} | {Share(at.Background)} |"));
        text.AppendLine();
    }

    private static string Share(SwapShare share) => Invariant($"{share.Share:P0} ({share.Gain:F1} %)");

    private static string Invariant(params FormattableString[] parts) =>
        string.Concat(parts.Select(FormattableString.Invariant));
}
