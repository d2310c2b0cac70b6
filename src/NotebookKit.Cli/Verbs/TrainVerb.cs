using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json;
using NotebookKit.Images;
using NotebookKit.Lora;
using NotebookKit.Models;
using NotebookKit.Training;
using NotebookKit.Training.Optimizers;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit train</c>: teaches a base one subject from a folder of pictures.</summary>
internal static class TrainVerb
{
    private static readonly Option<string> Base = new("--base") { DefaultValueFactory = _ => "data/base-mini", Description = "the base model: a folder, a .safetensors or .ckpt file, or its name on the hub" };
    private static readonly Option<string> InstanceDir = new("--instance-dir") { Description = "the folder with the subject's pictures", Required = true };
    private static readonly Option<string> InstancePrompt = new("--instance-prompt") { Description = "describes the subject with its identifier; [filewords] takes the .txt beside each picture", Required = true };
    private static readonly Option<string?> ClassPrompt = new("--class-prompt") { Description = "the same without the identifier; left out, nothing protects the class word" };
    private static readonly Option<int> ClassImages = new("--class-images") { DefaultValueFactory = _ => 100, Description = "class images to have; the base paints those that are missing" };
    private static readonly Option<string?> ClassDir = new("--class-dir") { Description = "where the class images lie or are to go (class-images/ beside the output)" };
    private static readonly Option<double> PriorLossWeight = new("--prior-loss-weight") { DefaultValueFactory = _ => 0.3, Description = "how much a class image counts against a picture of the subject" };
    private static readonly Option<string> Method = new("--method") { DefaultValueFactory = _ => "lora", Description = "lora (a small file) or dreambooth (every weight of the UNet)" };
    private static readonly Option<int> Rank = new("--rank") { DefaultValueFactory = _ => 8, Description = "LoRA: numbers that pass through each adapter" };
    private static readonly Option<double?> Alpha = new("--alpha") { Description = "LoRA: the scale's numerator (the rank)" };
    private static readonly Option<string?> Targets = new("--lora-targets") { Description = "LoRA: attention, extension, kohya (all transformer layers), extended, locon (convolutions too), all, or a pattern over the layers' paths" };
    private static readonly Option<bool> TextEncoder = new("--text-encoder") { Description = "train the text encoder too" };
    private static readonly Option<int?> Epochs = new("--epochs") { Description = "how often each picture is seen (100)" };
    private static readonly Option<double?> LearningRate = new("--lr") { Description = "learning rate after warmup (what suits base and method)" };
    private static readonly Option<double?> TextLearningRate = new("--text-lr") { Description = "the text encoder's learning rate" };
    private static readonly Option<string> Schedule = new("--schedule") { DefaultValueFactory = _ => "constant_with_warmup", Description = string.Join(", ", LrSchedule.Names) };
    private static readonly Option<string> Optimizer = new("--optimizer") { DefaultValueFactory = _ => "adamw", Description = "adamw, adamw8bit, adafactor, lion or prodigy" };
    private static readonly Option<bool> Checkpointing = new("--checkpointing") { Description = "keep less for backward and compute it again: slower, much less memory, the same gradients" };
    private static readonly Option<int> Warmup = new("--warmup") { Description = "optimizer steps over which the learning rate climbs" };
    private static readonly Option<int?> Batch = new("--batch") { Description = "pictures of the subject in a step; as many class images go beside them" };
    private static readonly Option<int?> Size = new("--size") { Description = "side of the square pictures in pixels (the base's own)" };
    private static readonly Option<ulong> Seed = new("--seed") { Description = "seeds everything random" };
    private static readonly Option<int> SampleEvery = new("--sample-every") { Description = "draw sample grids every so many epochs (0: none)" };
    private static readonly Option<string[]> SamplePrompt = new("--sample-prompt") { Description = "a row of the sample grid; repeat for more" };
    private static readonly Option<string?> Out = new("--out") { Description = "the .safetensors, or the folder of a full fine-tune (loras/NAME.safetensors, models/NAME)" };

    /// <summary>The verb with its options.</summary>
    public static Command Create()
    {
        var command = new Command("train", "Teach a base one subject from a folder of pictures (DreamBooth, as a LoRA or full).")
        {
            Base, InstanceDir, InstancePrompt, ClassPrompt, ClassImages, ClassDir, PriorLossWeight, Method, Rank, Alpha, Targets, TextEncoder,
            Epochs, LearningRate, TextLearningRate, Schedule, Warmup, Optimizer, Checkpointing, Batch, Size, Seed, SampleEvery, SamplePrompt, Out,
        };
        var json = Verb.JsonOption(command);
        command.SetAction(parse => Run(parse, parse.GetValue(json)));
        return command;
    }

    private static int Run(ParseResult parse, bool json)
    {
        var options = Read(parse);
        options.Validate(); // before anything is loaded
        foreach (var picture in TrainingPicture.Read(options))
            RgbImage.Load(picture.Path);

        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Stop(signal, stop));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(signal, stop));

        using var sd = StableDiffusion.Load(parse.GetValue(Base)!);
        var trainer = new DreamBoothTrainer(sd, options);
        var result = trainer.Train(new ConsoleProgress(Console.Error), stop.Token);
        foreach (var warning in result.Warnings)
            Console.Error.WriteLine($"kit: note: {warning}");
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    Steps = result.History.Count,
                    result.Epochs,
                    result.Seconds,
                    Loss = result.History.Select(step => step.Loss),
                    PriorLoss = result.History.Where(step => step.PriorLoss is not null).Select(step => step.PriorLoss),
                    Lr = result.History.Select(step => step.LearningRate),
                    result.PeakBytes,
                    result.Output,
                },
                Verb.Json));
        }
        else
        {
            Console.WriteLine($"{result.History.Count} steps in {result.Seconds:0.0} s, {result.PeakBytes / 1e6:0} MB at most: {result.Output}");
        }

        return result.Stopped ? Verb.Failed : 0;
    }

    private static TrainOptions Read(ParseResult parse) => new()
    {
        InstanceDir = parse.GetValue(InstanceDir)!,
        InstancePrompt = parse.GetValue(InstancePrompt)!,
        ClassPrompt = parse.GetValue(ClassPrompt),
        ClassImages = parse.GetValue(ClassImages),
        ClassDir = parse.GetValue(ClassDir),
        PriorLossWeight = parse.GetValue(PriorLossWeight),
        Method = Choice<TrainMethod>("--method", parse.GetValue(Method)!),
        Rank = parse.GetValue(Rank),
        Alpha = parse.GetValue(Alpha),
        Targets = parse.GetValue(Targets) is { } targets ? LoraTargets.Parse(targets) : null,
        TrainTextEncoder = parse.GetValue(TextEncoder),
        Epochs = parse.GetValue(Epochs),
        LearningRate = parse.GetValue(LearningRate),
        TextLearningRate = parse.GetValue(TextLearningRate),
        Schedule = parse.GetValue(Schedule)!,
        Warmup = parse.GetValue(Warmup),
        Optimizer = Choice<OptimizerKind>("--optimizer", parse.GetValue(Optimizer)!),
        GradientCheckpointing = parse.GetValue(Checkpointing),
        BatchSize = parse.GetValue(Batch),
        Size = parse.GetValue(Size),
        Seed = parse.GetValue(Seed),
        SampleEvery = parse.GetValue(SampleEvery),
        SamplePrompts = parse.GetValue(SamplePrompt) is { Length: > 0 } prompts ? prompts : null,
        Output = parse.GetValue(Out),
    };

    private static T Choice<T>(string flag, string value)
        where T : struct, Enum =>
        Enum.TryParse<T>(value, ignoreCase: true, out var choice) && !int.TryParse(value, out _)
            ? choice
            : throw new BadInputException($"{flag} has no '{value}'; {NearestName.Hint(value, [.. Enum.GetNames<T>().Select(name => name.ToLowerInvariant())])}");

    // What is trained is worth keeping: the run ends after its step and saves.
    private static void Stop(PosixSignalContext signal, CancellationTokenSource stop)
    {
        signal.Cancel = true;
        stop.Cancel();
    }
}
