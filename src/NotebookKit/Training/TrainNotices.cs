using NotebookKit.Pipeline;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Methods;

namespace NotebookKit.Training;

/// <summary>Sentences about settings that work, but otherwise than somebody may think.</summary>
internal static class TrainNotices
{
    public static IEnumerable<string> Of(TrainOptions options, StableDiffusion sd)
    {
        if (Precision.Warning(sd.UNet.parameters().First().dtype, sd.Device) is { } slow)
            yield return slow;
        foreach (var notice in BegunLora.Notices(options, sd))
            yield return notice;
        foreach (var sentence in options.Concepts.SelectMany(FolderNotices.Of))
            yield return sentence;
        // One sentence often holds for every caption of a concept.
        foreach (var warning in options.Concepts.SelectMany(concept => CaptionAudit.Of(concept, sd.Tokenizer))
            .SelectMany(row => row.Warnings).Distinct())
            yield return warning;
        if (!options.UsesClassImages && options.Concepts.Any(concept => concept.ClassPrompt is not null))
            yield return $"{options.Method} changes no word but its own, so there is nothing for class images to protect: none are "
                + "painted, and --class-prompt has no effect on them.";
        if (options.UsesClassImages && options.Concepts.All(concept => concept.ClassPrompt is null))
            yield return "There is no class prompt, so nothing holds the class word: it will drift towards the subject.";
        if (options.Method == TrainMethod.Imagic && TrainingPicture.Read(options.Concepts[0]).Count > 1)
            yield return $"Imagic learns one picture: {Path.GetFileName(TrainingPicture.Read(options.Concepts[0])[0].Path)} is used.";
        if (options.Images.ShuffleCaptions && options.Concepts.SelectMany(TrainingPicture.Read)
            .All(picture => picture.Prompt.Split(", ").Length < 3))
            yield return "--shuffle-captions has no effect: no prompt has two parts after the first to change places.";
        if (options.Images.RandomCrop)
            yield return "With random crops the VAE encodes every picture in every step, which takes more time.";
        if (options.Memory.FreeEncoders && options.Images.RandomCrop)
            yield return "Random crops are encoded in every step, so the VAE is not put aside.";
        if (options.Memory.FreeEncoders && options.Images.ShuffleCaptions && options.TextRatio == 0)
            yield return "Shuffled captions differ from step to step, so the text encoder is not put aside.";
    }
}
