using NotebookKit.Lora;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Data;
using NotebookKit.Training.Optimizers;
using static TorchSharp.torch;

namespace NotebookKit.Training.Memory;

/// <summary>The settings of a run that decide how much memory it takes.</summary>
public sealed record MemoryPlan
{
    /// <summary>What is trained.</summary>
    public TrainMethod Method { get; init; } = TrainMethod.Lora;

    /// <summary>LoRA: numbers that pass through each adapter.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>LoRA: the rank of 3×3 convolutions; that of the others when null.</summary>
    public int? ConvRank { get; init; }

    /// <summary>LoRA: whether each weight's length is learned apart (DoRA), which keeps whole weights for backward.</summary>
    public DoraNorm? Dora { get; init; }

    /// <summary>LoRA: the share of the squeezed numbers that a step sets to zero.</summary>
    public double LoraDropout { get; init; }

    /// <summary>LoRA: the layers; what the method adapts when null.</summary>
    public LoraTargets? Targets { get; init; }

    /// <summary>Side of the square pictures in pixels; the base's own size when null.</summary>
    public int? Size { get; init; }

    /// <summary>Pictures of the subject in a batch.</summary>
    public int Batch { get; init; } = 1;

    /// <summary>Whether as many class images go beside them, which doubles the batch.</summary>
    public bool WithClass { get; init; }

    /// <summary>Batches that are summed before each optimizer step.</summary>
    public int Accumulation { get; init; } = 1;

    /// <summary>The base's type. Trained weights in half precision have float32 masters beside them, adapters are float32.</summary>
    public ScalarType DType { get; init; } = ScalarType.Float32;

    /// <summary>How gradients become steps.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.AdamW;

    /// <summary>Keep only the blocks' inputs for backward.</summary>
    public bool Checkpointing { get; init; }

    /// <summary>Whether the text encoder learns too.</summary>
    public bool TextEncoder { get; init; }

    /// <summary>Whether a moving average of the trained weights is kept.</summary>
    public bool Ema { get; init; }

    /// <summary>Whether the VAE, and the text encoder while it is frozen, are put aside once everything is encoded.</summary>
    public bool FreeEncoders { get; init; }

    /// <summary>Whether the VAE encodes in every step, and so is never put aside.</summary>
    public bool RandomCrop { get; init; }

    /// <summary>Whether prompts differ from step to step, so that the text encoder is never put aside.</summary>
    public bool ShuffleCaptions { get; init; }

    /// <summary>Views of pictures whose latents are kept encoded, class images among them; two for each where they are mirrored.</summary>
    public int Pictures { get; init; } = 3;

    /// <summary>Prompts whose text states are kept.</summary>
    public int Prompts { get; init; } = 1;

    /// <summary>Class images that are painted before the training; 0 for none.</summary>
    public int Painted { get; init; }

    /// <summary>Pictures in a row of the sample grids; 0 where none are drawn.</summary>
    public int Samples { get; init; }

    /// <summary>Whether attention keeps no scores, as here; false counts them, for comparison with the advice of 2022.</summary>
    internal bool FusedAttention { get; init; } = true;

    /// <summary>Whether tensors live on a GPU: encoded pictures stay in RAM then.</summary>
    public bool OnGpu { get; init; }

    /// <summary>Whether prompts are encoded anew in each step, by a text encoder or with a word that learns.</summary>
    internal bool TextLearns => Method == TrainMethod.TextualInversion || (TextEncoder && Method != TrainMethod.Imagic);

    /// <summary>Whether anything is left to put aside.</summary>
    internal bool EncodersCanGo => !RandomCrop || !(TextLearns || ShuffleCaptions);

    /// <summary>The plan of a run.</summary>
    /// <param name="options">The run's options; nulls are those of <see cref="TrainOptions.ForBase"/> or need no memory.</param>
    /// <param name="dtype">The base's type.</param>
    /// <param name="onGpu">Whether it lies on a GPU.</param>
    public static MemoryPlan Of(TrainOptions options, ScalarType dtype = ScalarType.Float32, bool onGpu = false)
    {
        ArgumentNullException.ThrowIfNull(options);
        var counts = options.Concepts.Select(concept => (Concept: concept, Pictures: TrainingPicture.Read(concept).Count)).ToList();
        var pictures = counts.Sum(count => count.Pictures);
        var classImages = options.UsesClassImages ? counts.Sum(count => count.Concept.ClassImagesFor(count.Pictures)) : 0;
        return new MemoryPlan
        {
            Method = options.Method,
            Rank = options.Rank,
            ConvRank = options.ConvRank,
            Dora = options.Dora,
            LoraDropout = options.LoraDropout,
            Targets = options.Targets,
            Size = options.Size,
            Batch = options.Method == TrainMethod.Imagic ? 1 : Math.Min(options.BatchSize ?? 1, pictures),
            WithClass = classImages > 0,
            Accumulation = options.GradientAccumulation,
            DType = dtype,
            Optimizer = options.Optimizer,
            Checkpointing = options.GradientCheckpointing,
            TextEncoder = options.TextRatio > 0,
            Ema = options.EmaDecay > 0,
            FreeEncoders = options.FreeEncoders,
            RandomCrop = options.RandomCrop,
            ShuffleCaptions = options.ShuffleCaptions,
            Pictures = (options.Flip ? 2 : 1) * ((options.RandomCrop ? 0 : pictures) + classImages),
            Prompts = Math.Min(PromptStates.Kept, options.Concepts.SelectMany(TrainingPicture.Read).SelectMany(picture => new[] { picture.Prompt, picture.ClassPrompt }).OfType<string>().Distinct().Count()),
            Painted = classImages,
            Samples = options.SampleEvery > 0 ? options.Concepts.Max(concept => concept.SamplesPerPrompt) : 0,
            OnGpu = onGpu,
        };
    }

    /// <summary>Whether the numbers make a plan.</summary>
    /// <exception cref="BadInputException">The first that does not, with its remedy.</exception>
    internal void Validate(ModelShape shape)
    {
        Require(Rank >= 1, $"--rank must be at least 1, not {Rank}; 4 to 32 is usual.");
        Require(Batch >= 1 && Accumulation >= 1, $"--batch and --accumulation must be at least 1, not {Batch} and {Accumulation}.");
        Require(Pictures >= 0, $"--pictures must be 0 or more, not {Pictures}.");
        Require(Size is null || (Size >= 8 && Size % shape.Vae.Factor == 0), $"--size must be a multiple of {shape.Vae.Factor} from 8 on, not {Size}.");
    }

    private static void Require(bool holds, string sentence)
    {
        if (!holds)
            throw new BadInputException(sentence);
    }
}
