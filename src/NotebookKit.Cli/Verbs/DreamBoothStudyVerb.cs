using System.CommandLine;
using NotebookKit.Checkpoints;
using NotebookKit.Cli.Doctor;
using NotebookKit.Display;
using NotebookKit.Evaluation;
using NotebookKit.Images;
using NotebookKit.Lora;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Workshop.Evaluation;
using NotebookKit.Workshop.World;

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
    private static readonly Option<string> Targets = new("--lora-targets")
    {
        Description = "attention, extension, kohya, extended, locon, all, or a pattern of layer names",
        DefaultValueFactory = _ => LoraTargets.Extended.Name
    };
    private static readonly Option<bool> Text = new("--text-encoder") { Description = "train the text encoder too" };
    private static readonly Option<int> Pictures = new("--pictures")
    {
        Description = "pictures of each prompt and each word, for each run",
        DefaultValueFactory = _ => 16
    };
    private static readonly Option<int> Seeds = new("--seeds")
    {
        Description = "trainings for each weight, which differ in their seed; figures are their mean",
        DefaultValueFactory = _ => 1
    };
    private static readonly Option<int> Every = new("--every") { Description = "measure after every so many epochs, too" };
    private static readonly Option<ulong> Seed = new("--seed") { Description = "seeds every run" };
    private static readonly Option<string> Output = new("--out")
    {
        Description = "folder for LoRAs, class images, study.json and study.jpg",
        DefaultValueFactory = _ => "dreambooth-study"
    };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var verb = new Command("dreambooth-study", "learn the sample rabbit with each prior loss weight, and measure subject and drift")
        {
            Folder, On, Probe, Clip, Instance, Prompt, Images, Weights, Epochs, Rate, Rank, Targets, Text, Pictures, Seeds, Every, Seed,
            Output,
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
                Lora = new() { Rank = parse.GetValue(Rank), Targets = LoraTargets.Parse(parse.GetValue(Targets)!) },
                TrainTextEncoder = parse.GetValue(Text),
                Seed = parse.GetValue(Seed),
                Saving = new() { Output = Path.Combine(into, "study.safetensors") },
            };
            var sweep = parse.GetValue(Weights)!;
            if (sweep.Any(w => !(w >= 0)))
                throw new BadInputException("every --prior-loss-weight must be 0 or more.");
            if (parse.GetValue(Seeds) < 1)
                throw new BadInputException("--seeds must be at least 1.");
            if (parse.GetValue(Every) < 0)
                throw new BadInputException("--every must be 0 or more.");
            options.Validate();
            using var stop = new StopSignals();
            using var judge = ProbeVerb.Judge(parse.GetValue(Clip), parse.GetValue(Probe)!);
            var board = Board(judge, parse.GetValue(Instance)!, parse.GetValue(Pictures));
            using var model = StableDiffusion.Load(parse.GetValue(Folder)!, DeviceOption.Of(parse.GetValue(On)));
            var study = new DreamBoothStudy(model, board, options)
            {
                Seeds = parse.GetValue(Seeds),
                Every = parse.GetValue(Every)
            };
            var rows = study.Run(sweep, row => Console.Error.WriteLine($"{row.Scores.Name}: fidelity {row.Scores.Fidelity}"),
                new ConsoleProgress(Console.Error), stop.Token);
            var result = new StudyResult("kit " + string.Join(' ', parse.Tokens.Select(token => token.Value)),
                $"{model.Name}, LoRA of rank {options.Lora.Rank}, \"{parse.GetValue(Prompt)}\" with {parse.GetValue(Images)} class images, "
                    + $"trainings of each: {parse.GetValue(Seeds)}", judge.Name, board.PhotosAmongThemselves, rows);
            AtomicFile.WriteText(Path.Combine(into, StudyResult.File), result.ToJson());
            AtomicFile.Write(Path.Combine(into, StudyResult.PicturesFile), file => file.Write(
                ImageGrid.Render(study.Shown, StudyResult.PicturesPerRow, cell: model.SampleSize).ToJpeg()));
            if (parse.GetValue(json))
            {
                Console.WriteLine(result.ToJson());
                return;
            }

            Console.WriteLine($"the photos among themselves: {result.PhotosAmongThemselves:F3} ({judge.Name})");
            Console.WriteLine(board.Table());
            foreach (var row in result.Rows.Where(row => row.Oil is not null))
                Console.WriteLine(InStyles(row));
        });
        return verb;
    }

    private static string InStyles(StudyRow row) => $"{row.Scores.Name}: of the world's own, {row.Oil} in oil, {row.Sketch} in pencil; "
        + $"{row.Seconds:F0} s";

    private static Scoreboard Board(IPictureEmbedder judge, string photos, int pictures)
    {
        if (pictures < 3)
            throw new BadInputException("--pictures must be at least 3.");
        var prompts = new ScorePrompts($"{SampleRabbit.Identifier} rabbit toy");
        return Scoreboard.Of(judge, photos, prompts with { Drawing = prompts.Drawing with { Count = pictures } });
    }
}
