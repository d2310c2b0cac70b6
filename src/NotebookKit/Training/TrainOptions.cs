using System.Text.Json.Serialization;
using NotebookKit.Lora;
using NotebookKit.Pipeline;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Optimizers;
using NotebookKit.Training.Settings;

namespace NotebookKit.Training;

/// <summary>
/// Everything that a DreamBooth run can be told: the concepts that it learns, and its settings by theme. Values left null
/// are filled in by <see cref="ForBase"/> with what suits the base: the miniature learns well at rates that would ruin
/// Stable Diffusion.
/// </summary>
[JsonConverter(typeof(TrainOptionsJson))]
public sealed record TrainOptions
{
    /// <summary>The prompt that stands for "the caption beside each picture": <c>rabbit.txt</c> beside <c>rabbit.png</c>.</summary>
    public const string FileWords = Text.FileWords.Placeholder;

    /// <summary>What the run learns; at least one.</summary>
    public IReadOnlyList<Concept> Concepts { get; init; } = [new()];

    /// <summary>What is changed: a LoRA, the whole model, a word, or one picture's states.</summary>
    [Setting("--method", "lora, lora_extended (convolutions too), dreambooth (every weight), textual_inversion (a new word) or imagic "
        + "(one picture)")]
    public TrainMethod Method { get; init; } = TrainMethod.Lora;

    /// <summary>Whether the text encoder learns too, in all epochs unless <see cref="TextEncoderRatio"/> says otherwise.</summary>
    [Setting("--text-encoder", "train the text encoder too", Name = "train_text_encoder", Needs = Need.TextEncoder)]
    public bool TrainTextEncoder { get; init; }

    /// <summary>In which share of the epochs, from the first on, the text encoder learns (the web UI's "step ratio"): 0 never, 1
    /// always.</summary>
    [Setting("--text-encoder-ratio", "train it in this share of the epochs, from the first on", Min = 0, Max = 1,
        Usual = "it is a share of the epochs", Needs = Need.TextEncoder)]
    public double? TextEncoderRatio { get; init; }

    /// <summary>Textual inversion: how many vectors the new word has.</summary>
    [Setting("--token-vectors", "vectors of the new word", Min = 1, Max = 16, Needs = Need.NewWord)]
    public int TokenVectors { get; init; } = 1;

    /// <summary>Changes from a step on, as a run's card has them whose knobs were turned while it trained; repeated at the same
    /// steps.</summary>
    [Setting("--turn", "a change from a step on, counted from 0: STEP:prior_loss_weight=0.1 or STEP:rate_factor=0.5; repeat for more",
        Name = "turns", MayChange = true)]
    public IReadOnlyList<KnobTurn> Turns { get; init; } = [];

    /// <summary>Seeds everything random; the same seed on the same machine gives the same losses to the last bit.</summary>
    [Setting("--seed", "seeds everything random", Note = "ss_seed")]
    public ulong Seed { get; init; }

    /// <summary>The LoRA's shape; its layers are the method's where none are given, its seed the run's.</summary>
    public LoraOptions Lora { get; init; } = new();

    /// <summary>What the loss counts.</summary>
    public LossSettings Loss { get; init; } = new();

    /// <summary>Rates, their course, the optimizer.</summary>
    public LearningSettings Learning { get; init; } = new();

    /// <summary>Epochs and batches.</summary>
    public IntervalSettings Intervals { get; init; } = new();

    /// <summary>How pictures and captions are shown.</summary>
    public ImageSettings Images { get; init; } = new();

    /// <summary>What is given up for memory.</summary>
    public MemorySettings Memory { get; init; } = new();

    /// <summary>Sample grids and held-out pictures.</summary>
    public SampleSettings Samples { get; init; } = new();

    /// <summary>What is written.</summary>
    public SavingSettings Saving { get; init; } = new();

    /// <summary>Where the result goes: <see cref="SavingSettings.Output"/>, or what it says for null. A folder for LoRAs gets a file in
    /// it.</summary>
    public string OutputPath
    {
        get
        {
            var name = KohyaFolder.Of(Concepts[0].InstanceDir)?.Identifier
                ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Concepts[0].InstanceDir)));
            if (WritesModel)
                return Saving.Output ?? Path.Combine("models", name);
            var path = Saving.Output ?? (Method == TrainMethod.TextualInversion ? "embeddings" : "loras");
            return path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) ? path : Path.Combine(path, name + ".safetensors");
        }
    }

    /// <summary>Whether the result is a whole model.</summary>
    internal bool WritesModel => Method is TrainMethod.DreamBooth or TrainMethod.Imagic;

    /// <summary>Whether the result is a LoRA.</summary>
    internal bool WritesLora => Method is TrainMethod.Lora or TrainMethod.LoraExtended;

    /// <summary>Whether class images have anything to protect: a new word and Imagic's one picture change no other word.</summary>
    internal bool UsesClassImages => Method is not (TrainMethod.TextualInversion or TrainMethod.Imagic);

    /// <summary>The share of the epochs in which the text encoder learns.</summary>
    internal double TextRatio => TextEncoderRatio ?? (TrainTextEncoder ? 1 : 0);

    /// <summary>The rate that the schedule shows: the UNet's, or the new word's where nothing else is trained.</summary>
    internal double MainLearningRate => Method == TrainMethod.TextualInversion ? Learning.TextRate!.Value : Learning.Rate!.Value;

    /// <summary>The learning rate's course over a number of optimizer steps.</summary>
    internal LrSchedule ScheduleOver(int steps) => new(Learning.Schedule, MainLearningRate, Learning.Warmup, steps)
    {
        Cycles = Learning.Cycles,
        Power = Learning.Power,
        End = Learning.End,
        StepRules = Learning.Rules,
    };

    /// <summary>The layers that the method adapts where nothing else is asked for.</summary>
    internal LoraTargets DefaultTargets => Method == TrainMethod.LoraExtended ? LoraTargets.Extended : LoraTargets.Attention;

    /// <summary>Epochs that the loop goes through.</summary>
    internal int EpochsInAll => Method == TrainMethod.Imagic ? 2 * Intervals.Epochs!.Value : Intervals.Epochs!.Value;

    /// <summary>Textual inversion: the word that is learned.</summary>
    internal string NewToken => Concepts[0].InstanceToken ?? CaptionAudit.IdentifierOf(Concepts[0])
        ?? throw new BadSettingException("Textual inversion learns a new word, and the prompts do not tell which; give it as "
            + "--instance-token, and write it into the instance prompt.");

    /// <summary>Textual inversion: what the word starts from.</summary>
    internal string TokenLike => Concepts[0].ClassToken
        ?? (Concepts[0].ClassPrompt is { } prompt && !prompt.Contains(FileWords, StringComparison.Ordinal) ? prompt : "object");

    /// <summary>The size that a picture is trained at.</summary>
    internal (int Width, int Height) BucketFor(StableDiffusion sd, (int Width, int Height) picture) => Images.Buckets
        ? new NotebookKit.Images.AspectBuckets(Images.Size!.Value, 8 * sd.Vae.Config.Factor).For(picture.Width, picture.Height)
        : (Images.Size!.Value, Images.Size!.Value);

    /// <summary>The prior loss weight of an epoch, from 0.</summary>
    internal double PriorLossWeightAt(int epoch) =>
        Loss.PriorLossWeightEnd is { } end ? Loss.PriorLossWeight + ((end - Loss.PriorLossWeight) * epoch / Math.Max(1, EpochsInAll - 1))
            : Loss.PriorLossWeight;

    /// <summary>
    /// These options with every null filled in for a base: size, epochs, learning rates, LoRA layers, guidance. Values that
    /// are set stay. Stable Diffusion gets the rates that its tools use (2e-6 full, 1e-4 for a LoRA, 5e-5 for its text
    /// part, 5e-3 for a new word, 1e-3 for Imagic's text states); a UNet of under 50 million parameters is a miniature,
    /// whose rates were found by measuring.
    /// </summary>
    public TrainOptions ForBase(StableDiffusion sd) => WithKohyaFolders().Completed(sd);

    /// <summary>These options with what kohya's folders say in their names (<see cref="KohyaFolder"/>).</summary>
    internal TrainOptions WithKohyaFolders()
    {
        var concepts = Concepts.SelectMany(KohyaFolder.Expand).ToList();
        return concepts.SequenceEqual(Concepts) ? this : this with { Concepts = concepts };
    }

    private TrainOptions Completed(StableDiffusion sd)
    {
        var miniature = sd.UNet.parameters().Sum(parameter => parameter.numel()) < 50_000_000;
        var lora = WritesLora;
        var guidance = miniature ? 3 : 7.5;
        return this with
        {
            Concepts = [.. Concepts.Select(concept =>
                concept with { ClassGuidance = concept.ClassGuidance ?? Concepts[0].ClassGuidance ?? guidance })],
            Lora = (lora && Lora.Weights is not null ? Methods.BegunLora.Shaped(this, sd)
                : Lora with { Targets = Lora.Targets ?? DefaultTargets }) with
            { Seed = Seed },
            Images = Images with { Size = Images.Size ?? sd.SampleSize },
            Intervals = Intervals with { Epochs = Intervals.Epochs ?? 100, BatchSize = Intervals.BatchSize ?? 1 },
            Samples = Samples with { Guidance = Samples.Guidance ?? guidance },
            Learning = Learning with
            {
                Rate = Learning.Rate ?? TrainOptimizers.SuitableRate(Learning.Optimizer, (miniature, lora) switch
                {
                    (true, true) => 3e-3,
                    (true, false) => 5e-4,
                    (false, true) => 1e-4,
                    (false, false) => 2e-6,
                }),
                TextRate = Learning.TextRate ?? TrainOptimizers.SuitableRate(Learning.Optimizer, Method switch
                {
                    TrainMethod.TextualInversion => 5e-3,
                    TrainMethod.Imagic => 1e-3,
                    _ => miniature ? 5e-4 : lora ? 5e-5 : 2e-6,
                }),
            },
        };
    }

    /// <summary>Whether every field that the run needs makes sense; nothing is loaded for this.</summary>
    /// <exception cref="BadInputException">The first field that does not, with its remedy.</exception>
    public void Validate() => TrainChecks.Check(this);

    /// <summary>The same, and whether a base has room for the rank and the disk for what is written; no weight is loaded for
    /// this.</summary>
    /// <param name="source">The base: a folder, a file, or a name on the hub, whose shapes are looked at where it was downloaded
    /// before.</param>
    /// <exception cref="BadInputException">The first field that does not, with its remedy.</exception>
    public void Validate(string source)
    {
        Validate();
        BaseShape.OfSource(source)?.Check(this);
    }
}
