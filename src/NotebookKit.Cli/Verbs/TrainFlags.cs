using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using NotebookKit.Lora;
using NotebookKit.Training;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Optimizers;

namespace NotebookKit.Cli.Verbs;

/// <summary>The settings of <c>kit train</c> as flags: what is not given stays as <see cref="TrainOptions"/> has it.</summary>
internal sealed class TrainFlags
{
    private static readonly JsonSerializerOptions ConceptJson = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow };

    private readonly List<Option> _options = [];
    private readonly List<Func<ParseResult, TrainOptions, TrainOptions>> _settings = [];

    private readonly Option<double?> _priorLossWeight = new("--prior-loss-weight") { Description = "how much a class image counts against a picture of the subject (0.3)" };
    private readonly Option<string?> _classPrompt = new("--class-prompt") { Description = "the same without the identifier, [filewords] as above; left out, nothing protects the class word" };
    private readonly Option<string?> _concepts = new("--concepts") { Description = "a JSON file with a list of concepts (instance_dir, instance_prompt, class_prompt, …) to learn in one run" };

    public TrainFlags()
    {
        Text("--instance-dir", "the folder with the subject's pictures", (options, value) => options with { InstanceDir = value });
        Text("--instance-prompt", "describes the subject with its identifier; [filewords] takes the .txt beside each picture, or its name", (options, value) => options with { InstancePrompt = value });
        Add(_classPrompt, (parse, options) => parse.GetValue(_classPrompt) is { } prompt ? options with { ClassPrompt = prompt } : options);
        Text("--instance-token", "what the subject is called in prompts", (options, value) => options with { InstanceToken = value });
        Text("--class-token", "one or two words for its kind", (options, value) => options with { ClassToken = value });
        Flag("--instance-token-only", "put the instance token alone where otherwise both go", options => options with { InstanceTokenOnly = true });
        Number<int>("--class-images", "class images to have; the base paints those that are missing (100)", (options, value) => options with { ClassImages = value });
        Number<int>("--class-images-per-instance", "the same for each picture of the subject", (options, value) => options with { ClassImagesPerInstance = value });
        Text("--class-dir", "where the class images lie or are to go (class-images/ beside the output)", (options, value) => options with { ClassDir = value });
        Text("--class-negative-prompt", "what class images are led away from", (options, value) => options with { ClassNegativePrompt = value });
        Number<double>("--class-cfg", "guidance of class images", (options, value) => options with { ClassGuidance = value });
        Number<int>("--class-steps", "denoising steps of class images", (options, value) => options with { ClassSteps = value });
        Add(_concepts, (parse, options) => parse.GetValue(_concepts) is { } file ? WithConcepts(options, file) : options);
        Many("--picture-weight", "FILE=WEIGHT: how much a picture counts; repeat for more", (options, values) => options with { PictureWeights = values.Select(PictureWeight).ToDictionary() });

        Add(_priorLossWeight, (parse, options) => parse.GetValue(_priorLossWeight) is { } weight ? options with { PriorLossWeight = weight } : options);
        Number<double>("--prior-loss-weight-end", "what the prior loss weight changes to over the run", (options, value) => options with { PriorLossWeightEnd = value });
        Choice<TrainMethod>("--method", "lora, lora_extended (convolutions too), dreambooth (every weight), textual_inversion (a new word) or imagic (one picture)", (options, value) => options with { Method = value });
        Number<int>("--rank", "LoRA: numbers that pass through each adapter (8)", (options, value) => options with { Rank = value });
        Number<double>("--alpha", "LoRA: the scale's numerator (the rank)", (options, value) => options with { Alpha = value });
        Number<int>("--conv-rank", "LoRA: the rank of 3×3 convolutions (that of the others)", (options, value) => options with { ConvRank = value });
        Number<double>("--lora-dropout", "LoRA: the share of the squeezed numbers that each step sets to zero (0)", (options, value) => options with { LoraDropout = value });
        Choice<LoraInit>("--lora-init", "LoRA: what adapters begin with: kaiming, gaussian or pissa", (options, value) => options with { LoraInit = value });
        Flag("--rslora", "LoRA: scale by alpha / √rank", options => options with { RsLora = true });
        Choice<DoraNorm>("--dora", "LoRA: learn each weight's length apart: per_output (PEFT) or per_input (which the web UI applies rightly)", (options, value) => options with { Dora = value });
        Number<double>("--lora-plus", "LoRA: how many times faster the up weights learn (1; LoRA+ takes 16)", (options, value) => options with { LoraPlusRatio = value });
        Text("--lora-targets", "LoRA: attention, extension, kohya (all transformer layers), extended, locon (convolutions too), all, or a pattern over the layers' paths", (options, value) => options with { Targets = LoraTargets.Parse(value) });
        Number<int>("--token-vectors", "textual inversion: vectors of the new word (1)", (options, value) => options with { TokenVectors = value });
        Flag("--text-encoder", "train the text encoder too", options => options with { TrainTextEncoder = true });
        Number<double>("--text-encoder-ratio", "train it in this share of the epochs, from the first on", (options, value) => options with { TextEncoderRatio = value });

        Number<int>("--epochs", "how often each picture is seen (100)", (options, value) => options with { Epochs = value });
        Number<double>("--lr", "learning rate after warmup (what suits base and method)", (options, value) => options with { LearningRate = value });
        Number<double>("--text-lr", "the text encoder's, or the new word's, learning rate", (options, value) => options with { TextLearningRate = value });
        Text("--schedule", string.Join(", ", LrSchedule.Names), (options, value) => options with { Schedule = value });
        Number<int>("--warmup", "optimizer steps over which the learning rate climbs", (options, value) => options with { Warmup = value });
        Number<int>("--cycles", "cosine_with_restarts: how often the rate falls to 0 (1)", (options, value) => options with { ScheduleCycles = value });
        Number<double>("--power", "polynomial: the exponent (1)", (options, value) => options with { SchedulePower = value });
        Number<double>("--lr-end", "polynomial: the rate it ends at (1e-7)", (options, value) => options with { ScheduleEnd = value });
        Text("--step-rules", "piecewise_constant: factor:until step, …, last factor, such as 1:100,0.1:200,0.01", (options, value) => options with { ScheduleRules = value });
        Choice<OptimizerKind>("--optimizer", "adamw, adamw8bit, adafactor, lion or prodigy", (options, value) => options with { Optimizer = value });
        Number<double>("--ema", "sample and save a moving average of the weights with this decay, 0.999 is usual (0: none)", (options, value) => options with { EmaDecay = value });
        Flag("--checkpointing", "keep less for backward and compute it again: slower, much less memory, the same gradients", options => options with { GradientCheckpointing = true });
        Flag("--free-encoders", "put the VAE and the frozen text encoder aside once everything is encoded; samples and saving wait for them", options => options with { FreeEncoders = true });
        Number<int>("--batch", "pictures of the subject in a batch; as many class images go beside them", (options, value) => options with { BatchSize = value });
        Number<int>("--accumulation", "batches that make up an optimizer step", (options, value) => options with { GradientAccumulation = value });
        Number<double>("--max-grad-norm", "gradients longer than this are shortened to it; 0 never (1)", (options, value) => options with { MaxGradNorm = value });
        Number<double>("--snr-gamma", "min-SNR weighting of the loss; 5 is usual", (options, value) => options with { SnrGamma = value });
        Number<double>("--noise-offset", "noise that is constant over the picture; 0.05 to 0.1 is usual", (options, value) => options with { NoiseOffset = value });

        Number<int>("--size", "side of the square pictures in pixels (the base's own)", (options, value) => options with { Size = value });
        Flag("--no-buckets", "cut all pictures square", options => options with { Buckets = false });
        Flag("--random-crop", "cut another part out each time", options => options with { RandomCrop = true });
        Flag("--flip", "mirror every other picture", options => options with { Flip = true });
        Flag("--shuffle-captions", "shuffle the parts of prompts; the first stays first", options => options with { ShuffleCaptions = true });
        Number<double>("--caption-dropout", "leave the prompt out in this share of the draws", (options, value) => options with { CaptionDropout = value });
        Number<ulong>("--seed", "seeds everything random", (options, value) => options with { Seed = value });

        Number<int>("--sample-every", "draw sample grids every so many epochs (0: none)", (options, value) => options with { SampleEvery = value });
        Flag("--sample-at-first", "draw a grid before the first step too", options => options with { SampleAtFirst = true });
        Many("--sample-prompt", "a row of the sample grid, [filewords] for a row for each caption; repeat for more", (options, values) => options with { SamplePrompts = values });
        Text("--sample-negative-prompt", "what samples are led away from", (options, value) => options with { SampleNegativePrompt = value });
        Number<int>("--samples", "pictures in each row of the grid (4)", (options, value) => options with { SamplesPerPrompt = value });
        Number<int>("--sample-steps", "denoising steps of samples and class images (20)", (options, value) => options with { SampleSteps = value });
        Number<double>("--sample-cfg", "guidance of samples", (options, value) => options with { SampleGuidance = value });
        Text("--sampler", "what draws samples and class images: " + string.Join(", ", Schedulers.Scheduler.Names), (options, value) => options with { Sampler = value });
        Text("--sanity-prompt", "a last row that should not change", (options, value) => options with { SanityPrompt = value });
        Text("--held-out-dir", "the subject's pictures that are only measured, not trained on", (options, value) => options with { HeldOutDir = value });
        Number<int>("--held-out-every", "measure them every so many epochs (10)", (options, value) => options with { HeldOutEvery = value });

        Number<int>("--save-every", "write a checkpoint every so many epochs (0: only when stopped)", (options, value) => options with { SaveEvery = value });
        Number<int>("--keep-last", "checkpoints to keep, 0 for all (2)", (options, value) => options with { KeepLast = value });
        Flag("--resume", "go on from the newest checkpoint of this output", options => options with { Resume = true });
        Text("--save-as", "float16, bfloat16 or float32 for the saved weights (float16)", (options, value) => options with { SaveAs = Precision.TypeOf(value, "--save-as") });
        Text("--out", "the .safetensors; of a full fine-tune the folder, or a .safetensors or .ckpt for the web UI (loras/NAME.safetensors, models/NAME)", (options, value) => options with { Output = value });
    }

    /// <summary>The flags, in the order that <c>--help</c> lists them.</summary>
    public IReadOnlyList<Option> Options => _options;

    /// <summary>The settings that were given, over those of a card.</summary>
    /// <exception cref="BadInputException">A value is none of those there are, or two contradict each other.</exception>
    public TrainOptions Read(ParseResult parse, TrainOptions start)
    {
        var options = _settings.Aggregate(start, (options, setting) => setting(parse, options));
        if (parse.GetValue(_priorLossWeight) is > 0 && options.Concepts.All(concept => concept.ClassPrompt is null))
            throw new BadInputException($"--prior-loss-weight {parse.GetValue(_priorLossWeight)?.ToString(CultureInfo.InvariantCulture)} weighs class images, and there are none without a class prompt; give --class-prompt, or leave the weight out.");
        return options;
    }

    private static TrainOptions WithConcepts(TrainOptions options, string file)
    {
        List<Concept>? concepts;
        try
        {
            concepts = JsonSerializer.Deserialize<List<Concept>>(File.ReadAllText(file), ConceptJson);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"--concepts {file} is no list of concepts: {e.Message}", e);
        }

        if (concepts is not { Count: > 0 })
            throw new BadInputException($"--concepts {file} lists no concept; write [{{\"instance_dir\": …, \"instance_prompt\": …}}].");
        if (options.InstanceDir.Length > 0)
            return options with { MoreConcepts = concepts };
        var first = concepts[0];
        return options with
        {
            InstanceDir = first.InstanceDir,
            InstancePrompt = first.InstancePrompt,
            ClassPrompt = first.ClassPrompt,
            InstanceToken = first.InstanceToken,
            ClassToken = first.ClassToken,
            InstanceTokenOnly = first.InstanceTokenOnly,
            ClassDir = first.ClassDir,
            ClassImages = first.ClassImages,
            ClassImagesPerInstance = first.ClassImagesPerInstance,
            ClassNegativePrompt = first.ClassNegativePrompt,
            ClassGuidance = first.ClassGuidance,
            ClassSteps = first.ClassSteps,
            SamplePrompts = first.SamplePrompts,
            SampleNegativePrompt = first.SampleNegativePrompt,
            SamplesPerPrompt = first.SamplesPerPrompt,
            Weight = first.Weight,
            PictureWeights = first.PictureWeights,
            MoreConcepts = [.. concepts.Skip(1)],
        };
    }

    private static (string, double) PictureWeight(string text)
    {
        var at = text.LastIndexOf('=');
        return at > 0 && double.TryParse(text.AsSpan(at + 1), CultureInfo.InvariantCulture, out var weight)
            ? (text[..at], weight)
            : throw new BadInputException($"--picture-weight is FILE=WEIGHT, such as rabbit-1.png=2, not '{text}'.");
    }

    private void Add(Option option, Func<ParseResult, TrainOptions, TrainOptions> setting)
    {
        _options.Add(option);
        _settings.Add(setting);
    }

    private void Text(string name, string description, Func<TrainOptions, string, TrainOptions> set)
    {
        var option = new Option<string?>(name) { Description = description };
        Add(option, (parse, options) => parse.GetValue(option) is { } value ? set(options, value) : options);
    }

    private void Number<T>(string name, string description, Func<TrainOptions, T, TrainOptions> set)
        where T : struct
    {
        var option = new Option<T?>(name) { Description = description };
        Add(option, (parse, options) => parse.GetValue(option) is { } value ? set(options, value) : options);
    }

    private void Flag(string name, string description, Func<TrainOptions, TrainOptions> set)
    {
        var option = new Option<bool>(name) { Description = description };
        Add(option, (parse, options) => parse.GetValue(option) ? set(options) : options);
    }

    private void Many(string name, string description, Func<TrainOptions, string[], TrainOptions> set)
    {
        var option = new Option<string[]>(name) { Description = description };
        Add(option, (parse, options) => parse.GetValue(option) is { Length: > 0 } values ? set(options, values) : options);
    }

    // As people type names: LoRA-Extended and lora_extended are the same.
    private void Choice<T>(string name, string description, Func<TrainOptions, T, TrainOptions> set)
        where T : struct, Enum
    {
        var option = new Option<string?>(name) { Description = description };
        Add(option, (parse, options) =>
        {
            if (parse.GetValue(option) is not { } text)
                return options;
            var plain = text.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);
            return Enum.TryParse<T>(plain, ignoreCase: true, out var value) && !int.TryParse(plain, out _)
                ? set(options, value)
                : throw new BadInputException($"{name} has no '{text}'; {NearestName.Hint(text, [.. Enum.GetNames<T>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)])}");
        });
    }
}
