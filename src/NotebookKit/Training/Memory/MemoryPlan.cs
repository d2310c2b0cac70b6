using NotebookKit.Pipeline;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Data;
using NotebookKit.Training.Settings;
using static TorchSharp.torch;

namespace NotebookKit.Training.Memory;

/// <summary>What decides how much memory a run takes: its settings, and facts about its base, pictures and machine.</summary>
public sealed record MemoryPlan
{
    /// <summary>The settings; nulls are those of <see cref="TrainOptions.ForBase"/> or need no memory.</summary>
    public TrainOptions Options { get; init; } = new();

    /// <summary>The subject's pictures, of which no batch has more; null where none are known yet.</summary>
    public int? Subjects { get; init; }

    /// <summary>Whether as many class images go beside them, which doubles the batch.</summary>
    public bool WithClass { get; init; }

    /// <summary>The base's type. Trained weights in half precision have float32 masters beside them, adapters are float32.</summary>
    public ScalarType DType { get; init; } = ScalarType.Float32;

    /// <summary>Views of pictures whose latents are kept encoded, class images among them; two for each where they are mirrored.</summary>
    public int Pictures { get; init; } = 3;

    /// <summary>Prompts whose text states are kept.</summary>
    public int Prompts { get; init; } = 1;

    /// <summary>Class images that are painted before the training; 0 for none.</summary>
    public int Painted { get; init; }

    /// <summary>Whether attention keeps no scores, as here; false counts them, for comparison with the advice of 2022.</summary>
    internal bool FusedAttention { get; init; } = true;

    /// <summary>Whether tensors live on a GPU: encoded pictures stay in RAM then.</summary>
    public bool OnGpu { get; init; }

    /// <summary>Pictures of the subject in a batch.</summary>
    internal int Batch => Options.Method == TrainMethod.Imagic ? 1 : Math.Min(Options.Intervals.BatchSize ?? 1, Subjects ?? int.MaxValue);

    /// <summary>Pictures in a row of the sample grids; 0 where none are drawn.</summary>
    internal int SampleRow => Options.Samples.Every > 0 ? Options.Concepts.Max(concept => concept.SamplesPerPrompt) : 0;

    /// <summary>Whether a moving average of the trained weights is kept.</summary>
    internal bool KeepsAverage => Options.Learning.EmaDecay > 0;

    /// <summary>Whether prompts are encoded anew in each step, by a text encoder or with a word that learns.</summary>
    internal bool TextLearns =>
        Options.Method == TrainMethod.TextualInversion || (Options.TextRatio > 0 && Options.Method != TrainMethod.Imagic);

    /// <summary>Whether anything is left to put aside.</summary>
    internal bool EncodersCanGo => !Options.Images.RandomCrop || !(TextLearns || Options.Images.ShuffleCaptions);

    /// <summary>The plan of a run.</summary>
    /// <param name="options">The run's options.</param>
    /// <param name="dtype">The base's type.</param>
    /// <param name="onGpu">Whether it lies on a GPU.</param>
    public static MemoryPlan Of(TrainOptions options, ScalarType dtype = ScalarType.Float32, bool onGpu = false)
    {
        ArgumentNullException.ThrowIfNull(options);
        options = options.WithKohyaFolders();
        var counts = options.Concepts.Select(concept => (Concept: concept, Pictures: TrainingPicture.Read(concept).Count)).ToList();
        var pictures = counts.Sum(count => count.Pictures);
        var classImages = options.UsesClassImages ? counts.Sum(count => count.Concept.ClassImagesFor(count.Pictures)) : 0;
        return new MemoryPlan
        {
            Options = options,
            Subjects = pictures,
            WithClass = classImages > 0,
            DType = dtype,
            Pictures = (options.Images.Flip ? 2 : 1) * ((options.Images.RandomCrop ? 0 : pictures) + classImages),
            Prompts = Math.Min(PromptStates.Kept,
                options.Concepts.SelectMany(TrainingPicture.Read).SelectMany(picture => new[] { picture.Prompt, picture.ClassPrompt })
                    .OfType<string>().Distinct().Count()),
            Painted = classImages,
            OnGpu = onGpu,
        };
    }

    /// <summary>The plan of a run on a base that is loaded.</summary>
    internal static MemoryPlan Of(StableDiffusion sd, TrainOptions options) =>
        Of(options, sd.UNet.parameters().First().dtype, sd.Device.type != TorchSharp.DeviceType.CPU);

    /// <summary>Whether the numbers make a plan.</summary>
    /// <exception cref="BadInputException">The first that does not, with its remedy.</exception>
    internal void Validate(ModelShape shape)
    {
        TrainChecks.Numbers(Options);
        var size = Options.Images.Size;
        if (Pictures < 0)
            throw new BadSettingException($"--pictures must be 0 or more, not {Pictures}.");
        if (size is not null && size % shape.Vae.Factor != 0)
            throw new BadSettingException($"--size must be a multiple of {shape.Vae.Factor} from 8 on, not {size}.");
    }
}
