using NotebookKit.Training.Settings;
using System.Globalization;
using NotebookKit.Lora;
using NotebookKit.Schedulers;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Methods;
using NotebookKit.Training.Runs;

namespace NotebookKit.Training;

/// <summary>Refuses settings that cannot work, before anything is loaded, each in a sentence with its remedy.</summary>
internal static class TrainChecks
{
    public static void Check(TrainOptions options)
    {
        options = options.WithKohyaFolders();
        foreach (var concept in options.Concepts)
            Check(concept, options);
        Numbers(options);
        Require(options.Lora.Dora is null || options.Lora.Init != LoraInit.Pissa,
            "PiSSA and DoRA do not go together: leave --lora-init pissa or --dora out.");
        if (options.WritesLora)
            options.Lora.Validate();
        BegunLora.Check(options);
        Require(LrSchedule.Names.Contains(options.Learning.Schedule), LrSchedule.Unknown(options.Learning.Schedule));
        (options with
        {
            Learning = options.Learning with
            {
                Rate = options.Learning.Rate ?? 1,
                TextRate = options.Learning.TextRate ?? 1
            }
        }).ScheduleOver(1).Validate();
        SamplerName.Find(options.Samples.Sampler); // refuses, with the nearest names
        FolderChecks.Check(options);
        if (options.Samples.HeldOutDir is { } heldOut)
            TrainingPicture.Read(options.Concepts[0] with { InstanceDir = heldOut });

        if (options.Method == TrainMethod.TextualInversion)
            TextualInversion(options);
        Output(options);
        if (options.Saving.Resume)
            ResumePoint.Require(new RunPlace(options.OutputPath));
    }

    private static void Check(Concept concept, TrainOptions options)
    {
        Require(concept.InstanceDir.Length > 0, "Give the folder with the subject's pictures (--instance-dir).");
        Require(Directory.Exists(concept.InstanceDir),
            $"There is no folder {concept.InstanceDir}; --instance-dir must hold the subject's pictures.");
        Require(!string.IsNullOrWhiteSpace(concept.InstancePrompt), "The instance prompt is empty; describe the subject with its "
            + "identifier, such as --instance-prompt \"a photo of zwx rabbit toy\".");
        Require(concept.ClassPrompt is null || !string.IsNullOrWhiteSpace(concept.ClassPrompt), "The class prompt is empty; give one such "
            + "as --class-prompt \"a photo of a rabbit toy\", or leave it out to train without class images.");
        Require(concept.InstanceToken is null || concept.InstanceToken.Trim().Length > 0,
            "The instance token is empty; give the subject's name such as --instance-token zwx, or leave it out.");
        Require(concept.ClassToken is null || concept.ClassToken.Trim().Length > 0,
            "The class token is empty; give the subject's kind such as --class-token toy, or leave it out.");
        foreach (var picture in TrainingPicture.Read(concept))
        {
            Require(picture.ClassPrompt is null || picture.ClassPrompt != picture.Prompt, "The class prompt equals the instance prompt, "
                + $"\"{picture.Prompt}\" for {Path.GetFileName(picture.Path)}; leave the identifier out of the class prompt.");
            Require(double.IsFinite(picture.Weight) && picture.Weight >= 0,
                $"The weight of {picture.Path} must be 0 or more, not {picture.Weight}.");
        }

        foreach (var name in concept.PictureWeights?.Keys ?? [])
            Require(File.Exists(Path.Combine(concept.InstanceDir, name)),
                $"There is no picture {name} in {concept.InstanceDir} to weigh; give its file name.");
        if (concept.ClassPrompt is not null && options.UsesClassImages)
        {
            var images = concept.ClassImagesPerInstance ?? concept.ClassImages;
            var flag = concept.ClassImagesPerInstance is null ? "--class-images" : "--class-images-per-instance";
            Require(images >= 0, $"{flag} must be 0 or more, not {images}.");
            Require(images > 0 || options.Loss.PriorLossWeight == 0, $"{flag} is 0 although a class prompt and a prior loss weight of "
                + $"{Text(options.Loss.PriorLossWeight)} are given, so there is nothing to weigh; ask for at least one class image, or "
                + "set --prior-loss-weight 0.");
        }

        foreach (var setting in Setting.All.Where(setting => setting.OfConcept))
            Refuse(setting.Complaint(setting.Property.GetValue(concept)));
    }

    /// <summary>Refuses what lies outside its declared bounds.</summary>
    public static void Numbers(TrainOptions options)
    {
        foreach (var setting in Setting.All.Where(setting => !setting.OfConcept))
            Refuse(setting.Complaint(setting.Of(options)));
    }

    private static void TextualInversion(TrainOptions options)
    {
        var token = options.NewToken;
        Require(!token.Any(char.IsWhiteSpace),
            $"Textual inversion learns one word, and \"{token}\" is several; give one as --instance-token.");
        foreach (var picture in TrainingPicture.Read(options.Concepts[0]))
            Require(picture.Prompt.Split(' ', ',').Contains(token, StringComparer.Ordinal), $"The prompt \"{picture.Prompt}\" of "
                + $"{Path.GetFileName(picture.Path)} does not hold the new word {token}; write it into the instance prompt exactly so.");
    }

    private static void Output(TrainOptions options)
    {
        var ending = Path.GetExtension(options.Saving.Output ?? "").ToLowerInvariant();
        Require(options.Method != TrainMethod.Imagic || ending is not (".safetensors" or ".ckpt"),
            $"Imagic writes a folder with text states beside the model, so --out {options.Saving.Output} must not be a file.");
        Require(options.WritesModel || ending != ".ckpt", $"--out {options.Saving.Output}: LoRAs and embeddings are written as "
            + ".safetensors; a .ckpt holds a whole model (--method dreambooth).");
        Require(!File.Exists(options.OutputPath) || ending.Length > 0 || !options.WritesModel,
            $"--out {options.OutputPath} is a file; give a folder for the model, or a name that ends in .safetensors or .ckpt.");
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    private static void Require(bool holds, string sentence)
    {
        if (!holds)
            throw new BadSettingException(sentence);
    }

    private static void Refuse(string? complaint)
    {
        if (complaint is not null)
            throw new BadSettingException(complaint);
    }
}
