using System.CommandLine;
using NotebookKit.Cli.Doctor;
using NotebookKit.Images;
using NotebookKit.Training;
using NotebookKit.Training.Concepts;
using static NotebookKit.Cli.Verbs.Lora.LoraVerb;

namespace NotebookKit.Cli.Verbs.Lora;

/// <summary><c>kit lora methods</c>: textual inversion, LoRA, LoRA Extended and full fine-tuning in one table.</summary>
internal static class MethodsVerb
{
    private static readonly Option<string> Folder = new("--instance-dir")
    {
        DefaultValueFactory = _ => Path.Combine(Checkout.Root, "data", "sample-rabbit"),
        Description = "pictures of the subject with a caption beside each"
    };
    private static readonly Option<string> ClassPrompt = new("--class-prompt")
    {
        DefaultValueFactory = _ => "a photo of a rabbit toy",
        Description = "the class without the subject: what the class images show"
    };
    private static readonly Option<string> DriftPrompt = new("--drift-prompt")
    {
        DefaultValueFactory = _ => "a photo of a toy",
        Description = "what should not come to look like the subject: what drift is measured on"
    };
    private static readonly Option<int> ClassImages = new("--class-images")
    {
        DefaultValueFactory = _ => 60,
        Description = "class images to have"
    };
    private static readonly Option<double> Weight = new("--prior-loss-weight")
    {
        DefaultValueFactory = _ => 0.3,
        Description = "what the class images count"
    };
    private static readonly Option<string> Word = new("--instance-token")
    {
        DefaultValueFactory = _ => "zwx",
        Description = "the subject's word, as the captions have it"
    };
    private static readonly Option<string> Kind = new("--class-token")
    {
        DefaultValueFactory = _ => "rabbit toy",
        Description = "what kind of thing it is: where a new word starts from"
    };
    private static readonly Option<int> Epochs = new("--epochs")
    {
        DefaultValueFactory = _ => 80,
        Description = "how often each picture is seen"
    };
    private static readonly Option<int[]> Ranks = new("--rank")
    {
        DefaultValueFactory = _ => [1, 4, 16],
        Description = "ranks of LoRA Extended",
        AllowMultipleArgumentsPerToken = true
    };
    private static readonly Option<int> Rank = new("--lora-rank")
    {
        DefaultValueFactory = _ => 16,
        Description = "rank of the LoRA without convolutions"
    };
    private static readonly Option<int> Pictures = new("--pictures")
    {
        DefaultValueFactory = _ => 16,
        Description = "pictures of the subject, and of the class, that measure each method"
    };
    private static readonly Option<string> Probe = new("--probe")
    {
        DefaultValueFactory = _ => ProbeVerb.Shipped,
        Description = "the probe's folder"
    };
    private static readonly Option<string?> Clip = new("--clip")
    { Description = "a CLIP image encoder's folder: it judges likeness instead of the probe, which knows the toy world alone" };
    private static readonly Option<ulong> Seed = new("--seed") { DefaultValueFactory = _ => 7, Description = "seeds every training" };
    private static readonly Option<string> Model = BaseOption.Create();
    private static readonly Option<string> Output = new("--out")
    {
        DefaultValueFactory = _ => Path.Combine("artifacts", "methods"),
        Description = "the folder for what is trained, and for methods.png"
    };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var command = new Command("methods",
            "Train a subject by textual inversion, LoRA, LoRA Extended and whole, and measure size, time, memory, fidelity and drift.")
        {
            Folder, ClassPrompt, DriftPrompt, ClassImages, Weight, Word, Kind, Epochs, Ranks, Rank, Pictures, Probe, Clip, Seed, Model,
            Output,
        };
        var json = Verb.JsonOption(command);
        command.SetAction((parse, cancel) => Task.FromResult(Run(parse, parse.GetValue(json), cancel)));
        return command;
    }

    private static int Run(ParseResult parse, bool json, CancellationToken cancel)
    {
        if (parse.GetValue(Pictures) < 2)
            throw new BadInputException("--pictures must be at least 2.");
        var options = new TrainOptions
        {
            Concepts = [new() { InstanceDir = parse.GetValue(Folder)!, InstancePrompt = TrainOptions.FileWords,
                InstanceToken = parse.GetValue(Word), ClassToken = parse.GetValue(Kind), ClassPrompt = parse.GetValue(ClassPrompt),
                ClassImages = parse.GetValue(ClassImages) }],
            Loss = new() { PriorLossWeight = parse.GetValue(Weight) },
            Intervals = new() { Epochs = parse.GetValue(Epochs) },
            Seed = parse.GetValue(Seed),
        };
        var subject = TrainingPicture.Read(options.Concepts[0]).OrderBy(picture => picture.Path, StringComparer.Ordinal).ToList();
        using var judge = ProbeVerb.Judge(parse.GetValue(Clip), parse.GetValue(Probe)!);
        var measure = new AdaptationMeasure(judge, [.. subject.Select(picture => RgbImage.Load(picture.Path))],
            [.. subject.Select(picture => picture.Prompt).Distinct()], parse.GetValue(DriftPrompt)!)
        {
            Pictures = parse.GetValue(Pictures),
        };
        List<MethodWay> ways = [new(TrainMethod.TextualInversion), new(TrainMethod.Lora, parse.GetValue(Rank)),
            .. parse.GetValue(Ranks)!.Select(rank => new MethodWay(TrainMethod.LoraExtended, rank)), new(TrainMethod.DreamBooth)];
        var rows = MethodComparison.Run(parse.GetValue(Model)!, options, measure, ways, parse.GetValue(Output)!,
            row => Console.Error.WriteLine($"measured: {row.Method}"), new ConsoleProgress(Console.Error), cancel);
        var shown = rows.SelectMany(row => row.Drawn!.OfSubject.Take(4).Concat(row.Drawn.OfClass.Take(4))).ToList();
        var grid = Path.Combine(parse.GetValue(Output)!, "methods.png");
        ImageGrid.Render(shown, shown.Count / rows.Count, cell: 96).SavePng(grid);
        var sizes = MethodComparison.Sd15Sizes();
        return Answer(
            json, new
            {
                Base = parse.GetValue(Model),
                options.Intervals.Epochs,
                Embedder = judge.Name,
                measure.PhotosAmongThemselves,
                Methods = rows,
                Sd15 = sizes,
                Grid = grid
            },
            [$"{"",-26} {"bytes",12} {"trained",10} {"seconds",8} {"MB held",8} {"fidelity",8} {"drift",7}",
                .. rows.Select(row => Say($"{row.Method,-26} {row.Bytes,12:N0} {row.Trained,10:N0} {row.Seconds,8:0.0} ",
                    $"{row.TensorBytes / 1e6,8:0} {row.Fidelity,8:0.000} {row.Drift,7:+0.000;-0.000}")),
                Say($"fidelity: cosine with the photos, which score {measure.PhotosAmongThemselves ?? 1:0.000} among themselves; ",
                    $"drift: by how much \"{measure.ClassPrompt}\" came nearer to them"),
                "", "Stable Diffusion 1.5 (computed):", .. sizes.Select(size => Say($"  {size.What,-46} {size.Bytes,14:N0} bytes"))]);
    }
}
