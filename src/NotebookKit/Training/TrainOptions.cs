using NotebookKit.Lora;
using NotebookKit.Models;
using NotebookKit.Training.Optimizers;
using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>
/// Everything that a DreamBooth run can be told: its first concept's fields, and the run's own. Values left null are
/// filled in by <see cref="ForBase"/> with what suits the base: the miniature learns well at rates that would ruin Stable
/// Diffusion.
/// </summary>
public sealed record TrainOptions : Concept
{
    /// <summary>The prompt that stands for "the caption beside each picture": <c>rabbit.txt</c> beside <c>rabbit.png</c>.</summary>
    public const string FileWords = Text.FileWords.Placeholder;

    /// <summary>
    /// How much a class image counts against a picture of the subject: loss = instance + weight · class. Below 0.1 the
    /// class drifts, towards 1 the subject is learned less well.
    /// </summary>
    public double PriorLossWeight { get; init; } = 0.3;

    /// <summary>A LoRA file, or a whole fine-tuned model.</summary>
    public TrainMethod Method { get; init; } = TrainMethod.Lora;

    /// <summary>LoRA: numbers that pass through each adapter.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>LoRA: the scale's numerator; the rank when null.</summary>
    public double? Alpha { get; init; }

    /// <summary>LoRA: which layers are adapted.</summary>
    public LoraTargets? Targets { get; init; }

    /// <summary>Whether the text encoder learns too.</summary>
    public bool TrainTextEncoder { get; init; }

    /// <summary>How often each picture is seen.</summary>
    public int? Epochs { get; init; }

    /// <summary>How gradients become steps.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.AdamW;

    /// <summary>Keep less for backward and compute it again there: about a third more time, much less memory, the same gradients.</summary>
    public bool GradientCheckpointing { get; init; }

    /// <summary>The UNet's learning rate after warmup.</summary>
    public double? LearningRate { get; init; }

    /// <summary>The text encoder's learning rate, where it is trained.</summary>
    public double? TextLearningRate { get; init; }

    /// <summary>One of <see cref="LrSchedule.Names"/>.</summary>
    public string Schedule { get; init; } = "constant_with_warmup";

    /// <summary>Optimizer steps over which the rate climbs from 0.</summary>
    public int Warmup { get; init; }

    /// <summary>Pictures of the subject in a step; as many class images go beside them.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Batches that are summed before each optimizer step.</summary>
    public int GradientAccumulation { get; init; } = 1;

    /// <summary>Gradients longer than this (L2, all parameters together) are shortened to it; 0 never clips.</summary>
    public double MaxGradNorm { get; init; } = 1;

    /// <summary>Weighs the instance loss by min(SNR, γ)/SNR (Hang et al. 2023); null weighs all noise levels alike.</summary>
    public double? SnrGamma { get; init; }

    /// <summary>Side of the square pictures in pixels; the base's own size when null.</summary>
    public int? Size { get; init; }

    /// <summary>Seeds everything random; the same seed on the same machine gives the same losses to the last bit.</summary>
    public ulong Seed { get; init; }

    /// <summary>Draw the sample grid every so many epochs, and at the end; 0 draws none.</summary>
    public int SampleEvery { get; init; }

    /// <summary>Denoising steps of a sample or class image.</summary>
    public int SampleSteps { get; init; } = 20;

    /// <summary>Classifier-free guidance of a sample.</summary>
    public double? SampleGuidance { get; init; }

    /// <summary>
    /// LoRA: the .safetensors to write. Full fine-tune: the folder. Null: <c>loras/NAME.safetensors</c> or
    /// <c>models/NAME</c>, NAME being the instance folder's.
    /// </summary>
    public string? Output { get; init; }

    /// <summary>Half (the usual) or full precision for the saved weights.</summary>
    public ScalarType SaveAs { get; init; } = ScalarType.Float16;

    /// <summary>Where the result goes: <see cref="Output"/>, or what it says for null. A LoRA folder gets a file in it.</summary>
    public string OutputPath
    {
        get
        {
            var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(InstanceDir)));
            if (Method == TrainMethod.DreamBooth)
                return Output ?? Path.Combine("models", name);
            var path = Output ?? "loras";
            return path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) ? path : Path.Combine(path, name + ".safetensors");
        }
    }

    /// <summary>
    /// These options with every null filled in for a base: size, epochs, learning rates, LoRA layers, guidance. Values that
    /// are set stay. Stable Diffusion gets the rates that its tools use (2e-6 full, 1e-4 for a LoRA, 5e-5 for its text
    /// part); a UNet of under 50 million parameters is a miniature, whose rates were found by measuring.
    /// </summary>
    public TrainOptions ForBase(StableDiffusion sd)
    {
        var miniature = sd.UNet.parameters().Sum(parameter => parameter.numel()) < 50_000_000;
        var lora = Method == TrainMethod.Lora;
        return this with
        {
            Size = Size ?? sd.SampleSize,
            Epochs = Epochs ?? 100,
            BatchSize = BatchSize ?? 1,
            LearningRate = LearningRate ?? TrainOptimizers.SuitableRate(Optimizer, (miniature, lora) switch
            {
                (true, true) => 3e-3,
                (true, false) => 5e-4,
                (false, true) => 1e-4,
                (false, false) => 2e-6,
            }),
            TextLearningRate = TextLearningRate ?? TrainOptimizers.SuitableRate(Optimizer, miniature ? 5e-4 : lora ? 5e-5 : 2e-6),
            Targets = Targets ?? LoraTargets.Attention,
            SampleGuidance = SampleGuidance ?? (miniature ? 4 : 7.5),
            ClassGuidance = ClassGuidance ?? (miniature ? 2 : 7.5),
        };
    }

    /// <summary>Whether every field that the run needs makes sense; nothing is loaded for this.</summary>
    /// <exception cref="BadInputException">The first field that does not, with its remedy.</exception>
    public void Validate()
    {
        Require(Method is TrainMethod.Lora or TrainMethod.DreamBooth, $"Training by {Method} is not there yet; its memory can be forecast, and --method lora or dreambooth trains.");
        Require(InstanceDir.Length > 0, "Give the folder with the subject's pictures (--instance-dir).");
        Require(Directory.Exists(InstanceDir), $"There is no folder {InstanceDir}; --instance-dir must hold the subject's pictures.");
        Require(!string.IsNullOrWhiteSpace(InstancePrompt), "The instance prompt is empty; describe the subject with its identifier, such as --instance-prompt \"a photo of zwx rabbit toy\".");
        Require(ClassPrompt is null || !string.IsNullOrWhiteSpace(ClassPrompt), "The class prompt is empty; give one such as --class-prompt \"a photo of a rabbit toy\", or leave it out to train without class images.");
        Require(ClassPrompt is null || ClassPrompt == FileWords || ClassPrompt.Trim() != InstancePrompt.Trim(), "The class prompt equals the instance prompt; leave the identifier out of the class prompt.");
        Require(ClassPrompt != FileWords, $"{FileWords} works for the instance prompt only; write the class prompt out, such as \"a photo of a rabbit toy\".");
        Require(ClassPrompt is null || ClassImages >= 1, $"--class-images is {ClassImages} although a class prompt is given; ask for at least one, or leave the class prompt out.");
        Require(double.IsFinite(PriorLossWeight) && PriorLossWeight >= 0, $"--prior-loss-weight must be 0 or more, not {PriorLossWeight}; 0.15 to 0.4 is usual.");
        Require(Rank >= 1, $"--rank must be at least 1, not {Rank}; 4 to 32 is usual.");
        Require(Alpha is not { } alpha || (double.IsFinite(alpha) && alpha > 0), $"--alpha must be above 0, not {Alpha}; leave it out to use the rank.");
        Require(Epochs is not < 1, $"--epochs must be at least 1, not {Epochs}; 100 shows every picture a hundred times.");
        Require(LearningRate is not { } rate || (double.IsFinite(rate) && rate > 0), $"--lr must be above 0, not {LearningRate}; 1e-4 is usual for LoRA, 2e-6 for a full fine-tune of Stable Diffusion.");
        Require(Warmup >= 0, $"--warmup must be 0 or more optimizer steps, not {Warmup}.");
        Require(BatchSize is not < 1, $"--batch must be at least 1, not {BatchSize}.");
        Require(GradientAccumulation >= 1, $"Gradient accumulation must be at least 1, not {GradientAccumulation}.");
        Require(Size is not (< 8), $"--size must be at least 8 pixels, not {Size}.");
        Require(SampleEvery >= 0 && SamplesPerPrompt >= 1 && SampleSteps >= 1, "Samples need at least one picture per prompt and one denoising step.");
        Require(LrSchedule.Names.Contains(Schedule), LrSchedule.Unknown(Schedule));
        Require(Output is null || Method != TrainMethod.DreamBooth || !Output.EndsWith(".safetensors", StringComparison.Ordinal), $"A full fine-tune writes a folder, so --out {Output} must not be a .safetensors file.");
    }

    private static void Require(bool holds, string sentence)
    {
        if (!holds)
            throw new BadInputException(sentence);
    }
}
