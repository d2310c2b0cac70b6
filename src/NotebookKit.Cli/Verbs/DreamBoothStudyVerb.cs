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
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var folder = BaseOption.Create();
        var on = DeviceOption.Create();
        var probe = new Option<string>("--probe") { Description = "the probe's folder", DefaultValueFactory = _ => ProbeVerb.Shipped };
        var clip = new Option<string?>("--clip") { Description = "a CLIP image encoder's folder: it judges likeness instead of the probe" };
        var instance = new Option<string>("--instance-dir")
        {
            Description = "the subject's captioned pictures",
            DefaultValueFactory = _ => Path.Combine(Checkout.Root, "data", "sample-rabbit")
        };
        var prompt = new Option<string>("--class-prompt")
        {
            Description = "what the class images show",
            DefaultValueFactory = _ => "a photo of a toy"
        };
        var images = new Option<int>("--class-images") { Description = "class images to have", DefaultValueFactory = _ => 60 };
        var weights = new Option<double[]>("--prior-loss-weight")
        {
            Description = "a run of the sweep; repeat for more",
            DefaultValueFactory = _ => [0, 0.01, 0.1, 0.3, 1.0]
        };
        var epochs = new Option<int?>("--epochs") { Description = "how often each picture is seen", DefaultValueFactory = _ => 80 };
        var rate = new Option<double?>("--lr") { Description = "learning rate (what suits the base)" };
        var rank = new Option<int>("--rank") { Description = "the LoRA's rank", DefaultValueFactory = _ => 8 };
        var targets = new Option<LoraTargets?>("--lora-targets")
        {
            Description = "attention, kohya or extended",
            DefaultValueFactory = _ => LoraTargets.Extended
        };
        var text = new Option<bool>("--text-encoder") { Description = "train the text encoder too" };
        var pictures = new Option<int>("--pictures")
        {
            Description = "pictures of \"a photo of a toy\" for each run",
            DefaultValueFactory = _ => 32
        };
        var seed = new Option<ulong>("--seed") { Description = "seeds every run" };
        var output = new Option<string>("--out")
        {
            Description = "folder for LoRAs, class images and study.png",
            DefaultValueFactory = _ => "dreambooth-study"
        };
        var verb = new Command("dreambooth-study", "learn the sample rabbit with each prior loss weight, and measure subject and drift")
        {
            folder, on, probe, clip, instance, prompt, images, weights, epochs, rate, rank, targets, text, pictures, seed, output,
        };
        var json = Verb.JsonOption(verb);
        verb.SetAction(parse =>
        {
            var into = parse.GetValue(output)!;
            var options = new TrainOptions
            {
                Concepts = [new() { InstanceDir = parse.GetValue(instance)!, InstancePrompt = TrainOptions.FileWords,
                    ClassPrompt = parse.GetValue(prompt), ClassImages = parse.GetValue(images),
                    ClassDir = Path.Combine(into, "class-images") }],
                Intervals = new() { Epochs = parse.GetValue(epochs) },
                Learning = new() { Rate = parse.GetValue(rate) },
                Lora = new() { Rank = parse.GetValue(rank), Targets = parse.GetValue(targets) },
                TrainTextEncoder = parse.GetValue(text),
                Seed = parse.GetValue(seed),
                Saving = new() { Output = Path.Combine(into, "study.safetensors") },
            };
            var sweep = parse.GetValue(weights)!;
            if (parse.GetValue(pictures) < 2 || sweep.Any(w => !(w >= 0)))
                throw new BadInputException("--pictures must be at least 2, and every --prior-loss-weight 0 or more.");
            options.Validate();
            using var stop = new StopSignals();
            using var judge = ProbeVerb.Judge(parse.GetValue(clip), parse.GetValue(probe)!);
            using var model = StableDiffusion.Load(parse.GetValue(folder)!, DeviceOption.Of(parse.GetValue(on)));
            var study = new DreamBoothStudy(model, judge, options);
            var result = study.Run(sweep, parse.GetValue(pictures), row => Console.Error.WriteLine(Line(row)),
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
