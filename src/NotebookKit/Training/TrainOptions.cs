using NotebookKit.Lora;
using NotebookKit.Pipeline;
using NotebookKit.Training.Concepts;
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

    /// <summary>Further concepts that the same run learns.</summary>
    public IReadOnlyList<Concept> MoreConcepts { get; init; } = [];

    /// <summary>All concepts of the run, these options' own first.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public IReadOnlyList<Concept> Concepts => [this, .. MoreConcepts];

    /// <summary>
    /// How much a class image counts against a picture of the subject: loss = instance + weight · class. Below 0.1 the
    /// class drifts, towards 1 the subject is learned less well.
    /// </summary>
    public double PriorLossWeight { get; init; } = 0.3;

    /// <summary>What the prior loss weight falls or rises to, in a straight line over the epochs; null keeps it.</summary>
    public double? PriorLossWeightEnd { get; init; }

    /// <summary>What is changed: a LoRA, the whole model, a word, or one picture's states.</summary>
    public TrainMethod Method { get; init; } = TrainMethod.Lora;

    /// <summary>LoRA: numbers that pass through each adapter.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>LoRA: the scale's numerator; the rank when null.</summary>
    public double? Alpha { get; init; }

    /// <summary>LoRA: the rank of 3×3 convolutions; that of the others when null.</summary>
    public int? ConvRank { get; init; }

    /// <summary>LoRA: the share of the squeezed numbers that each step sets to zero, 0 to below 1.</summary>
    public double LoraDropout { get; init; }

    /// <summary>LoRA: what the adapters begin with.</summary>
    public LoraInit LoraInit { get; init; } = LoraInit.Kaiming;

    /// <summary>LoRA: scale by alpha / √rank (rsLoRA).</summary>
    public bool RsLora { get; init; }

    /// <summary>LoRA: learn each weight's length apart from its direction (DoRA); null for plain LoRA.</summary>
    public DoraNorm? Dora { get; init; }

    /// <summary>LoRA+: how many times faster the up weights learn than the others (Hayou et al. 2024 take 16); 1 for plain LoRA.</summary>
    public double LoraPlusRatio { get; init; } = 1;

    /// <summary>LoRA: which layers are adapted.</summary>
    public LoraTargets? Targets { get; init; }

    /// <summary>Whether the text encoder learns too, in all epochs unless <see cref="TextEncoderRatio"/> says otherwise.</summary>
    public bool TrainTextEncoder { get; init; }

    /// <summary>In which share of the epochs, from the first on, the text encoder learns (the web UI's "step ratio"): 0 never, 1 always.</summary>
    public double? TextEncoderRatio { get; init; }

    /// <summary>Textual inversion: how many vectors the new word has.</summary>
    public int TokenVectors { get; init; } = 1;

    /// <summary>How often each picture is seen. Imagic: in each of its two halves.</summary>
    public int? Epochs { get; init; }

    /// <summary>How gradients become steps.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.AdamW;

    /// <summary>Keep less for backward and compute it again there: about a third more time, much less memory, the same gradients.</summary>
    public bool GradientCheckpointing { get; init; }

    /// <summary>
    /// Put the VAE, and the text encoder while it is frozen, aside once everything is encoded; samples and saving bring them
    /// back for a while. The weights that are learned stay the same to the bit.
    /// </summary>
    public bool FreeEncoders { get; init; }

    /// <summary>Samples and saves a moving average of the weights, of which a step keeps this part at most: 0.999 is usual; null or 0 for the weights themselves.</summary>
    public double? EmaDecay { get; init; }

    /// <summary>The UNet's learning rate after warmup.</summary>
    public double? LearningRate { get; init; }

    /// <summary>The learning rate of the text encoder, of the new word, or of Imagic's text states.</summary>
    public double? TextLearningRate { get; init; }

    /// <summary>One of <see cref="LrSchedule.Names"/>.</summary>
    public string Schedule { get; init; } = "constant_with_warmup";

    /// <summary>Optimizer steps over which the rate climbs from 0.</summary>
    public int Warmup { get; init; }

    /// <summary><c>cosine_with_restarts</c>: how often the rate falls to 0.</summary>
    public int ScheduleCycles { get; init; } = 1;

    /// <summary><c>polynomial</c>: the exponent; 1 is a straight line.</summary>
    public double SchedulePower { get; init; } = 1;

    /// <summary><c>polynomial</c>: the rate that it ends at; below the learning rate.</summary>
    public double ScheduleEnd { get; init; } = 1e-7;

    /// <summary><c>piecewise_constant</c>: "factor:until step, …, last factor", such as "1:100,0.1:200,0.01".</summary>
    public string ScheduleRules { get; init; } = "1";

    /// <summary>Pictures of the subject in a batch; as many class images go beside them.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Batches that make up an optimizer step; the step is the same as with one batch of them all.</summary>
    public int GradientAccumulation { get; init; } = 1;

    /// <summary>Gradients longer than this (L2, all parameters together) are shortened to it; 0 never clips.</summary>
    public double MaxGradNorm { get; init; } = 1;

    /// <summary>Weighs the instance loss by min(SNR, γ)/SNR (Hang et al. 2023); null weighs all noise levels alike.</summary>
    public double? SnrGamma { get; init; }

    /// <summary>Adds noise that is constant over the picture, so that very dark and very bright ones are learned; 0.05 to 0.1 is usual.</summary>
    public double NoiseOffset { get; init; }

    /// <summary>Side of the square pictures in pixels, and of the square with the buckets' area; the base's own size when null.</summary>
    public int? Size { get; init; }

    /// <summary>Whether portraits and landscapes keep their shape, in buckets of the square's area; else all are cut square.</summary>
    public bool Buckets { get; init; } = true;

    /// <summary>Cuts another part out of the picture each time, instead of the middle. The VAE then encodes in each step.</summary>
    public bool RandomCrop { get; init; }

    /// <summary>Mirrors every other picture; not for subjects with a left and a right.</summary>
    public bool Flip { get; init; }

    /// <summary>Shuffles the parts of a prompt between its commas each time; the first stays first.</summary>
    public bool ShuffleCaptions { get; init; }

    /// <summary>In which share of the draws the prompt is left empty, which keeps guidance working: 0.05 to 0.1 is usual.</summary>
    public double CaptionDropout { get; init; }

    /// <summary>Seeds everything random; the same seed on the same machine gives the same losses to the last bit.</summary>
    public ulong Seed { get; init; }

    /// <summary>Draw the sample grid every so many epochs, and at the end; 0 draws none.</summary>
    public int SampleEvery { get; init; }

    /// <summary>Draw the sample grid before the first step too: what the base makes of the prompts, as epoch 0.</summary>
    public bool SampleAtFirst { get; init; }

    /// <summary>Denoising steps of a sample or class image.</summary>
    public int SampleSteps { get; init; } = 20;

    /// <summary>Classifier-free guidance of a sample.</summary>
    public double? SampleGuidance { get; init; }

    /// <summary>What draws samples and class images: one of <see cref="Schedulers.Scheduler.Names"/>.</summary>
    public string Sampler { get; init; } = "ddim";

    /// <summary>A last row of the sample grid that has nothing to do with the subject and should stay as it is; null for none.</summary>
    public string? SanityPrompt { get; init; }

    /// <summary>A folder of the subject's pictures that are not trained on; how well they are denoised tells learning from memorising.</summary>
    public string? HeldOutDir { get; init; }

    /// <summary>Measure the held-out pictures every so many epochs.</summary>
    public int HeldOutEvery { get; init; } = 10;

    /// <summary>Write a checkpoint every so many epochs; 0 writes one only when the run is stopped.</summary>
    public int SaveEvery { get; init; }

    /// <summary>How many checkpoints are kept, the newest; 0 keeps all.</summary>
    public int KeepLast { get; init; } = 2;

    /// <summary>Goes on from the newest checkpoint of the same output, if there is one.</summary>
    public bool Resume { get; init; }

    /// <summary>
    /// LoRA and textual inversion: the .safetensors to write. Else the folder, or one file for the web UI where it ends in
    /// .safetensors or .ckpt. Null: <c>loras/NAME.safetensors</c>,
    /// <c>embeddings/NAME.safetensors</c> or <c>models/NAME</c>, NAME being the instance folder's.
    /// </summary>
    public string? Output { get; init; }

    /// <summary>Half (the usual) or full precision for the saved weights.</summary>
    public ScalarType SaveAs { get; init; } = ScalarType.Float16;

    /// <summary>Where the result goes: <see cref="Output"/>, or what it says for null. A folder for LoRAs gets a file in it.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string OutputPath
    {
        get
        {
            var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(InstanceDir)));
            if (WritesModel)
                return Output ?? Path.Combine("models", name);
            var path = Output ?? (Method == TrainMethod.TextualInversion ? "embeddings" : "loras");
            return path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) ? path : Path.Combine(path, name + ".safetensors");
        }
    }

    /// <summary>Whether the result is a whole model.</summary>
    internal bool WritesModel => Method is TrainMethod.DreamBooth or TrainMethod.Imagic;

    /// <summary>Whether class images have anything to protect: a new word and Imagic's one picture change no other word.</summary>
    internal bool UsesClassImages => Method is not (TrainMethod.TextualInversion or TrainMethod.Imagic);

    /// <summary>The share of the epochs in which the text encoder learns.</summary>
    internal double TextRatio => TextEncoderRatio ?? (TrainTextEncoder ? 1 : 0);

    /// <summary>The rate that the schedule shows: the UNet's, or the new word's where nothing else is trained.</summary>
    internal double MainLearningRate => Method == TrainMethod.TextualInversion ? TextLearningRate!.Value : LearningRate!.Value;

    /// <summary>The learning rate's course over a number of optimizer steps.</summary>
    internal LrSchedule ScheduleOver(int steps) => new(Schedule, MainLearningRate, Warmup, steps)
    {
        Cycles = ScheduleCycles,
        Power = SchedulePower,
        End = ScheduleEnd,
        StepRules = ScheduleRules,
    };

    /// <summary>The layers that the method adapts where nothing else is asked for.</summary>
    internal LoraTargets DefaultTargets => Method == TrainMethod.LoraExtended ? LoraTargets.Extended : LoraTargets.Attention;

    /// <summary>Epochs that the loop goes through.</summary>
    internal int EpochsInAll => Method == TrainMethod.Imagic ? 2 * Epochs!.Value : Epochs!.Value;

    /// <summary>Textual inversion: the word that is learned.</summary>
    internal string NewToken => InstanceToken ?? CaptionAudit.IdentifierOf(this)
        ?? throw new BadInputException("Textual inversion learns a new word, and the prompts do not tell which; give it as --instance-token, and write it into the instance prompt.");

    /// <summary>Textual inversion: what the word starts from.</summary>
    internal string TokenLike => ClassToken ?? (ClassPrompt is { } prompt && !prompt.Contains(FileWords, StringComparison.Ordinal) ? prompt : "object");

    /// <summary>The size that a picture is trained at.</summary>
    internal (int Width, int Height) BucketFor(StableDiffusion sd, (int Width, int Height) picture) => Buckets
        ? new Images.AspectBuckets(Size!.Value, 8 * sd.Vae.Config.Factor).For(picture.Width, picture.Height)
        : (Size!.Value, Size!.Value);

    /// <summary>The prior loss weight of an epoch, from 0.</summary>
    internal double PriorLossWeightAt(int epoch) =>
        PriorLossWeightEnd is { } end ? PriorLossWeight + ((end - PriorLossWeight) * epoch / Math.Max(1, EpochsInAll - 1)) : PriorLossWeight;

    /// <summary>
    /// These options with every null filled in for a base: size, epochs, learning rates, LoRA layers, guidance. Values that
    /// are set stay. Stable Diffusion gets the rates that its tools use (2e-6 full, 1e-4 for a LoRA, 5e-5 for its text
    /// part, 5e-3 for a new word, 1e-3 for Imagic's text states); a UNet of under 50 million parameters is a miniature,
    /// whose rates were found by measuring.
    /// </summary>
    public TrainOptions ForBase(StableDiffusion sd)
    {
        var miniature = sd.UNet.parameters().Sum(parameter => parameter.numel()) < 50_000_000;
        var lora = Method is TrainMethod.Lora or TrainMethod.LoraExtended;
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
            TextLearningRate = TextLearningRate ?? TrainOptimizers.SuitableRate(Optimizer, Method switch
            {
                TrainMethod.TextualInversion => 5e-3,
                TrainMethod.Imagic => 1e-3,
                _ => miniature ? 5e-4 : lora ? 5e-5 : 2e-6,
            }),
            Targets = Targets ?? DefaultTargets,
            SampleGuidance = SampleGuidance ?? (miniature ? 3 : 7.5),
            ClassGuidance = ClassGuidance ?? (miniature ? 3 : 7.5),
        };
    }

    /// <summary>Whether every field that the run needs makes sense; nothing is loaded for this.</summary>
    /// <exception cref="BadInputException">The first field that does not, with its remedy.</exception>
    public void Validate() => TrainChecks.Check(this);

    /// <summary>The same, and whether a base has room for the rank and the disk for what is written; no weight is loaded for this.</summary>
    /// <param name="source">The base: a folder, a file, or a name on the hub, whose shapes are looked at where it was downloaded before.</param>
    /// <exception cref="BadInputException">The first field that does not, with its remedy.</exception>
    public void Validate(string source)
    {
        Validate();
        BaseShape.OfSource(source)?.Check(this);
    }
}
