using System.CommandLine;
using System.Text.Json;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Data;
using NotebookKit.Training.Memory;
using NotebookKit.Training.Runs;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit train</c>: teaches a base a subject from a folder of pictures.</summary>
internal static class TrainVerb
{
    private static readonly Option<string> Base = BaseOption.Create(", a .safetensors or .ckpt file, or its name on the hub");
    private static readonly Option<string?> DType = DTypeOption.Create("; trained weights keep float32 copies");
    private static readonly Option<string?> On = DeviceOption.Create();
    private static readonly Option<double?> Memory =
        new("--memory") { Description = "GB (of 1024³ bytes) that the run may take (what the machine has)" };
    private static readonly Option<bool> Force =
        new("--force") { Description = "train although the memory forecast says that it will not fit" };
    private static readonly Option<string?> FromCard =
        new("--from-card") { Description = "repeat the run of a .card.json; further flags change its settings" };
    private static readonly Option<bool> Plan = new("--plan") { Description = "say what would be painted and trained, and stop" };
    private static readonly TrainFlags Flags = new();

    /// <summary>The verb with its options.</summary>
    public static Command Create()
    {
        var command = new Command("train",
            "Teach a base a subject from a folder of pictures (DreamBooth: LoRA or full; textual inversion; Imagic).") { Base, DType, On,
                Memory, Force, FromCard, Plan };
        foreach (var flag in Flags.Options)
            command.Options.Add(flag);
        var json = Verb.JsonOption(command);
        command.SetAction(parse => Run(parse, parse.GetValue(json)));
        return command;
    }

    private static int Run(ParseResult parse, bool json)
    {
        var card = parse.GetValue(FromCard) is { } file ? RunCard.Read(file) : null;
        var options = Flags.Read(parse, card?.Settings ?? new TrainOptions());
        var folder = card is not null && parse.GetResult(Base) is null or { Implicit: true } ? card!.Base : parse.GetValue(Base)!;
        var device = DeviceOption.Of(parse.GetValue(On));
        options.Validate(); // before anything is fetched or loaded
        folder = ModelSource.Resolve(folder, new LoadOptions(), CancellationToken.None);
        options.Validate(folder);
        if (card is not null && ReferenceEquals(folder, card.Base))
            card.CheckSources();
        foreach (var concept in options.WithKohyaFolders().Concepts)
            TrainingPicture.Check(concept.InstanceDir);

        var dtype = DTypeOption.Tell(parse.GetValue(DType) ?? card?.Versions.GetValueOrDefault("dtype"), folder, device);
        using var stop = new StopSignals();
        var forecast = TrainForecast.Tell(folder, options, dtype, device, parse.GetValue(Memory),
            parse.GetValue(Force) || parse.GetValue(Plan), Console.Error);
        using var sd = StableDiffusion.Load(folder, device, dtype);
        var trainer = new DreamBoothTrainer(sd, options);
        if (parse.GetValue(Plan))
            return ShowPlan(trainer.Options, sd, json);
        var result = trainer.Train(new ConsoleProgress(Console.Error), stop.Token);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    Steps = result.History.Count,
                    result.Epochs,
                    result.Seconds,
                    Loss = result.History.Select(step => step.Loss),
                    InstanceLoss = result.History.Select(step => step.InstanceLoss),
                    PriorLoss = result.History.Where(step => step.PriorLoss is not null).Select(step => step.PriorLoss),
                    Lr = result.History.Select(step => step.LearningRate),
                    GradNorm = result.History.Select(step => step.GradNorm),
                    HeldOut = result.HeldOut.Count > 0 ? result.HeldOut : null,
                    ForecastBytes = forecast.Needed,
                    result.PeakBytes,
                    result.Output,
                    result.Checkpoint,
                    result.Card,
                    result.Proof,
                    result.Warnings,
                },
                Verb.Json));
        }
        else if (!result.Untouched)
        {
            Console.WriteLine($"{result.History.Count} steps in {result.Seconds:0.0} s, {MemoryForecast.Size(result.PeakBytes)} of memory "
                + $"at most ({MemoryForecast.Size(forecast.Needed)} forecast): {result.Output}");
            if (result.Proof is { } proof)
                Console.WriteLine(proof);
        }

        return result.Stopped ? Verb.Failed : 0;
    }

    private static int ShowPlan(TrainOptions options, StableDiffusion sd, bool json)
    {
        var plan = ClassImages.Plan(options, sd);
        if (json)
            Console.WriteLine(JsonSerializer.Serialize(plan.Sets.Select(set => new
            {
                set.Recipe.Prompt,
                set.Recipe.Width,
                set.Recipe.Height,
                set.Folder,
                set.Have,
                set.Need,
                set.Why
            }), Verb.Json));
        else
            Console.WriteLine(plan.Sets.Count > 0 ? string.Join('\n', plan.Sets.Select(set => set.Why)) : "No class images are used.");
        return 0;
    }
}
