using System.CommandLine;
using System.Text.Json;
using NotebookKit.Cli.Doctor;
using NotebookKit.Images;
using NotebookKit.Lora;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Workshop.Evaluation;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit dreambooth-study</c>: what the prior loss weight does, measured.</summary>
internal static class DreamBoothStudyVerb
{
    private static readonly Option<string> Folder = BaseOption.Create();
    private static readonly Option<string?> On = DeviceOption.Create();
    private static readonly Option<string> Probe = new("--probe")
    {
        Description = "the probe's folder",
        DefaultValueFactory = _ => ProbeVerb.Shipped
    };
    private static readonly Option<string?> Clip =
        new("--clip") { Description = "a CLIP image encoder's folder: it judges likeness instead of the probe" };
    private static readonly Option<string> Instance = new("--instance-dir")
    {
        Description = "the subject's captioned pictures",
        DefaultValueFactory = _ => Path.Combine(Checkout.Root, "data", "sample-rabbit")
    };
    private static readonly Option<string> Prompt = new("--class-prompt")
    {
        Description = "what the class images show",
        DefaultValueFactory = _ => "a photo of a toy"
    };
    private static readonly Option<int> Images = new("--class-images")
    {
        Description = "class images to have",
        DefaultValueFactory = _ => 60
    };
    private static readonly Option<double[]> Weights = new("--prior-loss-weight")
    {
        Description = "a run of the sweep; repeat for more",
        DefaultValueFactory = _ => [0, 0.01, 0.1, 0.3, 1.0]
    };
    private static readonly Option<int?> Epochs = new("--epochs")
    {
        Description = "how often each picture is seen",
        DefaultValueFactory = _ => 80
    };
    private static readonly Option<double?> Rate = new("--lr") { Description = "learning rate (what suits the base)" };
    private static readonly Option<int> Rank = new("--rank") { Description = "the LoRA's rank", DefaultValueFactory = _ => 8 };
    private static readonly Option<LoraTargets?> Targets = new("--lora-targets")
    {
        Description = "attention, kohya or extended",
        DefaultValueFactory = _ => LoraTargets.Extended
    };
    private static readonly Option<bool> Text = new("--text-encoder") { Description = "train the text encoder too" };
    private static readonly Option<int> Pictures = new("--pictures")
    {
        Description = "pictures of \"a photo of a toy\" for each run",
        DefaultValueFactory = _ => 32
    };
    private static readonly Option<ulong> Seed = new("--seed") { Description = "seeds every run" };
    private static readonly Option<string> Output = new("--out")
    {
        Description = "folder for LoRAs, class images and study.png",
        DefaultValueFactory = _ => "dreambooth-study"
    };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var verb = new Command("dreambooth-study", "learn the sample rabbit with each prior loss weight, and measure subject and drift")
        {
            Folder, On, Probe, Clip, Instance, Prompt, Images, Weights, Epochs, Rate, Rank, Targets, Text, Pictures, Seed, Output,
        };
        var json = Verb.JsonOption(verb);
        verb.SetAction(parse =>
        {
            var into = parse.GetValue(Output)!;
            var options = new TrainOptions
            {
                Concepts = [new() { InstanceDir = parse.GetValue(Instance)!, InstancePrompt = TrainOptions.FileWords,
                    ClassPrompt = parse.GetValue(Prompt), ClassImages = parse.GetValue(Images),
                    ClassDir = Path.Combine(into, "class-images") }],
                Intervals = new() { Epochs = parse.GetValue(Epochs) },
                Learning = new() { Rate = parse.GetValue(Rate) },
                Lora = new() { Rank = parse.GetValue(Rank), Targets = parse.GetValue(Targets) },
                TrainTextEncoder = parse.GetValue(Text),
                Seed = parse.GetValue(Seed),
                Saving = new() { Output = Path.Combine(into, "study.safetensors") },
            };
            var sweep = parse.GetValue(Weights)!;
            if (parse.GetValue(Pictures) < 2 || sweep.Any(w => !(w >= 0)))
                throw new BadInputException("--pictures must be at least 2, and every --prior-loss-weight 0 or more.");
            options.Validate();
            using var stop = new StopSignals();
            using var judge = ProbeVerb.Judge(parse.GetValue(Clip), parse.GetValue(Probe)!);
            using var model = StableDiffusion.Load(parse.GetValue(Folder)!, DeviceOption.Of(parse.GetValue(On)));
            var study = new DreamBoothStudy(model, judge, options);
            var result = study.Run(sweep, parse.GetValue(Pictures), row => Console.Error.WriteLine(Line(row)),
                new ConsoleProgress(Console.Error), stop.Token);
            ImageGrid.Render(study.Shown, DreamBoothStudy.ShownPerRow, cell: 128).SavePng(Path.Combine(into, "study.png"));
            if (parse.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(result, Verb.Json));
                return;
            }

            Console.WriteLine($"the photos among themselves: {result.PhotosAmongThemselves:F3} ({result.Embedder})");
            Console.WriteLine($"base: {Line(result.Base)}");
            foreach (var row in result.Runs)
                Console.WriteLine(Line(row));
        });
        return verb;
    }

    private static string Line(StudyRow row) =>
        $"{(row.PriorLossWeight is { } weight ? $"prior loss weight {weight:0.##}" : "no class images")}: subject fidelity "
            + $"{row.SubjectFidelity:F3} ({row.OfTheirOwn:P0} of the photos' own; of its renders {row.OilOfRenders:P0} in oil, "
            + $"{row.SketchOfRenders:P0} in pencil), PRES of a toy {row.PresToy:F3} ± {row.PresToyError:F3} "
            + $"({row.PresToyRise:+0.000;-0.000}), of a rabbit toy {row.PresRabbit:F3}, of a bear toy {row.PresBear:F3}, DIV "
            + $"{row.DivToy:F3}, {row.Seconds:F0} s";
}
