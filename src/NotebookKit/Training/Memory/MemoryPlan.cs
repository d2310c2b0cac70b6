using NotebookKit.Lora;
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

    /// <summary>Pictures whose latents are kept encoded, class images among them.</summary>
    public int Pictures { get; init; } = 3;

    /// <summary>Whether attention is one kernel that keeps no scores: on GPUs, and with libtorch from 2.0 on.</summary>
    public bool FusedAttention { get; init; } = NotebookKit.Torch.TorchExtras.HasFusedAttention;

    /// <summary>Whether tensors live on a GPU: encoded pictures stay in RAM then, and AdamW takes room for a step.</summary>
    public bool OnGpu { get; init; }

    /// <summary>The plan of a run.</summary>
    /// <param name="options">The run's options, complete.</param>
    public static MemoryPlan Of(TrainOptions options) => new()
    {
        Method = options.Method,
        Rank = options.Rank,
        Targets = options.Targets,
        Size = options.Size,
        Batch = options.BatchSize ?? 1,
        WithClass = options.ClassPrompt is not null,
        Accumulation = options.GradientAccumulation,
        Optimizer = options.Optimizer,
        Checkpointing = options.GradientCheckpointing,
        TextEncoder = options.TrainTextEncoder,
    };

    /// <summary>Whether the numbers make a plan.</summary>
    /// <exception cref="BadInputException">The first that does not, with its remedy.</exception>
    internal void Validate(ModelShape shape)
    {
        Require(Rank >= 1, $"--rank must be at least 1, not {Rank}; 4 to 32 is usual.");
        Require(Batch >= 1 && Accumulation >= 1, $"--batch and --accumulation must be at least 1, not {Batch} and {Accumulation}.");
        Require(Pictures >= 1, $"--pictures must be at least 1, not {Pictures}.");
        Require(Size is null || (Size >= 8 && Size % shape.Vae.Factor == 0), $"--size must be a multiple of {shape.Vae.Factor} from 8 on, not {Size}.");
    }

    private static void Require(bool holds, string sentence)
    {
        if (!holds)
            throw new BadInputException(sentence);
    }
}
