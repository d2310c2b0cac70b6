using System.Globalization;
using NotebookKit.Lora;
using NotebookKit.Schedulers;
using NotebookKit.Training.Concepts;

namespace NotebookKit.Training;

/// <summary>Refuses settings that cannot work, before anything is loaded, each in a sentence with its remedy.</summary>
internal static class TrainChecks
{
    public static void Check(TrainOptions options)
    {
        foreach (var concept in options.Concepts)
            Check(concept, options);
        Numbers(options);
        Require(LrSchedule.Names.Contains(options.Schedule), LrSchedule.Unknown(options.Schedule));
        (options with { LearningRate = options.LearningRate ?? 1, TextLearningRate = options.TextLearningRate ?? 1 }).ScheduleOver(1).Validate();
        SamplerName.Find(options.Sampler); // refuses, with the nearest names
        if (options.HeldOutDir is { } heldOut)
        {
            Require(Path.GetFullPath(heldOut) != Path.GetFullPath(options.InstanceDir), $"The held-out folder {heldOut} is the one that is trained on; hold other pictures out.");
            TrainingPicture.Read(options with { InstanceDir = heldOut });
        }

        if (options.Method == TrainMethod.TextualInversion)
            TextualInversion(options);
        Output(options);
    }

    private static void Check(Concept concept, TrainOptions options)
    {
        Require(concept.InstanceDir.Length > 0, "Give the folder with the subject's pictures (--instance-dir).");
        Require(Directory.Exists(concept.InstanceDir), $"There is no folder {concept.InstanceDir}; --instance-dir must hold the subject's pictures.");
        Require(!string.IsNullOrWhiteSpace(concept.InstancePrompt), "The instance prompt is empty; describe the subject with its identifier, such as --instance-prompt \"a photo of zwx rabbit toy\".");
        Require(concept.ClassPrompt is null || !string.IsNullOrWhiteSpace(concept.ClassPrompt), "The class prompt is empty; give one such as --class-prompt \"a photo of a rabbit toy\", or leave it out to train without class images.");
        Require(concept.InstanceToken is null || concept.InstanceToken.Trim().Length > 0, "The instance token is empty; give the subject's name such as --instance-token zwx, or leave it out.");
        Require(concept.ClassToken is null || concept.ClassToken.Trim().Length > 0, "The class token is empty; give the subject's kind such as --class-token toy, or leave it out.");
        foreach (var picture in TrainingPicture.Read(concept))
        {
            Require(picture.ClassPrompt is null || picture.ClassPrompt != picture.Prompt, $"The class prompt equals the instance prompt, \"{picture.Prompt}\" for {Path.GetFileName(picture.Path)}; leave the identifier out of the class prompt.");
            Require(double.IsFinite(picture.Weight) && picture.Weight >= 0, $"The weight of {picture.Path} must be 0 or more, not {picture.Weight}.");
        }

        foreach (var name in concept.PictureWeights?.Keys ?? [])
            Require(File.Exists(Path.Combine(concept.InstanceDir, name)), $"There is no picture {name} in {concept.InstanceDir} to weigh; give its file name.");
        if (concept.ClassPrompt is not null && options.UsesClassImages)
        {
            var images = concept.ClassImagesPerInstance ?? concept.ClassImages;
            var flag = concept.ClassImagesPerInstance is null ? "--class-images" : "--class-images-per-instance";
            Require(images >= 0, $"{flag} must be 0 or more, not {images}.");
            Require(images > 0 || options.PriorLossWeight == 0, $"{flag} is 0 although a class prompt and a prior loss weight of {Text(options.PriorLossWeight)} are given, so there is nothing to weigh; ask for at least one class image, or set --prior-loss-weight 0.");
        }

        Require(concept.ClassSteps is not < 1, $"--class-steps must be at least 1, not {concept.ClassSteps}.");
        Require(concept.SamplesPerPrompt >= 1, $"Samples need at least one picture per prompt, not {concept.SamplesPerPrompt}.");
    }

    private static void Numbers(TrainOptions options)
    {
        Require(Proper(options.PriorLossWeight) && Proper(options.PriorLossWeightEnd ?? 0), $"--prior-loss-weight must be 0 or more, not {Text(options.PriorLossWeight)}; 0.15 to 0.4 is usual.");
        Require(options.Rank >= 1, $"--rank must be at least 1, not {options.Rank}; 4 to 32 is usual.");
        Require(options.Alpha is not { } alpha || (double.IsFinite(alpha) && alpha > 0), $"--alpha must be above 0, not {options.Alpha}; leave it out to use the rank.");
        Require(options.ConvRank is not < 1, $"--conv-rank must be at least 1, not {options.ConvRank}; leave it out for the rank of the other layers.");
        Require(options.LoraDropout is >= 0 and < 1, $"--lora-dropout must be from 0 to below 1, not {Text(options.LoraDropout)}; 0.1 is usual.");
        Require(double.IsFinite(options.LoraPlusRatio) && options.LoraPlusRatio > 0, $"--lora-plus must be above 0, not {Text(options.LoraPlusRatio)}; 16 is usual.");
        Require(options.Dora is null || options.LoraInit != LoraInit.Pissa, "PiSSA and DoRA do not go together: leave --lora-init pissa or --dora out.");
        Require(options.Epochs is not < 1, $"--epochs must be at least 1, not {options.Epochs}; 100 shows every picture a hundred times.");
        Require(options.LearningRate is not { } rate || (double.IsFinite(rate) && rate > 0), $"--lr must be above 0, not {options.LearningRate}; 1e-4 is usual for LoRA, 2e-6 for a full fine-tune of Stable Diffusion.");
        Require(options.TextLearningRate is not { } text || (double.IsFinite(text) && text > 0), $"--text-lr must be above 0, not {options.TextLearningRate}; 5e-5 is usual for LoRA; leave --text-encoder out to keep the text encoder as it is.");
        Require(options.TextEncoderRatio is null or (>= 0 and <= 1), $"--text-encoder-ratio is a share of the epochs from 0 to 1, not {options.TextEncoderRatio}.");
        Require(options.EmaDecay is null or (>= 0 and < 1), $"--ema must be from 0 to below 1, not {options.EmaDecay}; 0.999 is usual.");
        Require(options.Warmup >= 0, $"--warmup must be 0 or more optimizer steps, not {options.Warmup}.");
        Require(options.BatchSize is not < 1, $"--batch must be at least 1, not {options.BatchSize}.");
        Require(options.GradientAccumulation >= 1, $"Gradient accumulation must be at least 1, not {options.GradientAccumulation}.");
        Require(Proper(options.MaxGradNorm), $"--max-grad-norm must be 0 (never clip) or more, not {Text(options.MaxGradNorm)}.");
        Require(options.SnrGamma is not { } gamma || (double.IsFinite(gamma) && gamma > 0), $"--snr-gamma must be above 0, not {options.SnrGamma}; 5 is usual, leave it out to weigh all noise alike.");
        Require(Proper(options.NoiseOffset), $"--noise-offset must be 0 or more, not {Text(options.NoiseOffset)}; 0.05 to 0.1 is usual.");
        Require(options.CaptionDropout is >= 0 and <= 1, $"--caption-dropout is a share from 0 to 1, not {Text(options.CaptionDropout)}.");
        Require(options.Size is not (< 8), $"--size must be at least 8 pixels, not {options.Size}.");
        Require(options.SampleEvery >= 0 && options.SampleSteps >= 1, "Samples need at least one denoising step.");
        Require(options.HeldOutEvery >= 1, $"--held-out-every must be at least 1 epoch, not {options.HeldOutEvery}.");
        Require(options.SaveEvery >= 0 && options.KeepLast >= 0, "--save-every and --keep-last must be 0 or more.");
        Require(options.TokenVectors is >= 1 and <= 16, $"--token-vectors must be 1 to 16, not {options.TokenVectors}.");
    }

    private static void TextualInversion(TrainOptions options)
    {
        var token = options.NewToken;
        Require(!token.Any(char.IsWhiteSpace), $"Textual inversion learns one word, and \"{token}\" is several; give one as --instance-token.");
        foreach (var picture in TrainingPicture.Read(options))
            Require(picture.Prompt.Split(' ', ',').Contains(token, StringComparer.Ordinal), $"The prompt \"{picture.Prompt}\" of {Path.GetFileName(picture.Path)} does not hold the new word {token}; write it into the instance prompt exactly so.");
    }

    private static void Output(TrainOptions options)
    {
        var ending = Path.GetExtension(options.Output ?? "").ToLowerInvariant();
        Require(options.Method != TrainMethod.Imagic || ending is not (".safetensors" or ".ckpt"), $"Imagic writes a folder with text states beside the model, so --out {options.Output} must not be a file.");
        Require(options.WritesModel || ending != ".ckpt", $"--out {options.Output}: LoRAs and embeddings are written as .safetensors; a .ckpt holds a whole model (--method dreambooth).");
        Require(!File.Exists(options.OutputPath) || ending.Length > 0 || !options.WritesModel, $"--out {options.OutputPath} is a file; give a folder for the model, or a name that ends in .safetensors or .ckpt.");
    }

    private static bool Proper(double value) => double.IsFinite(value) && value >= 0;

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    private static void Require(bool holds, string sentence)
    {
        if (!holds)
            throw new BadInputException(sentence);
    }
}
