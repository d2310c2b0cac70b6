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
    public static Command Create()
    {
        var folder = new Option<string>("--instance-dir")
        {
            DefaultValueFactory = _ => Path.Combine(Checkout.Root, "data", "sample-rabbit"),
            Description = "pictures of the subject with a caption beside each"
        };
        var classPrompt = new Option<string>("--class-prompt")
        {
            DefaultValueFactory = _ => "a photo of a rabbit toy",
            Description = "the class without the subject: what the class images show"
        };
        var driftPrompt = new Option<string>("--drift-prompt")
        {
            DefaultValueFactory = _ => "a photo of a toy",
            Description = "what should not come to look like the subject: what drift is measured on"
        };
        var classImages = new Option<int>("--class-images") { DefaultValueFactory = _ => 60, Description = "class images to have" };
        var weight = new Option<double>("--prior-loss-weight")
        {
            DefaultValueFactory = _ => 0.3,
            Description = "what the class images count"
        };
        var word = new Option<string>("--instance-token")
        {
            DefaultValueFactory = _ => "zwx",
            Description = "the subject's word, as the captions have it"
        };
        var kind = new Option<string>("--class-token")
        {
            DefaultValueFactory = _ => "rabbit toy",
            Description = "what kind of thing it is: where a new word starts from"
        };
        var epochs = new Option<int>("--epochs") { DefaultValueFactory = _ => 80, Description = "how often each picture is seen" };
        var ranks = new Option<int[]>("--rank")
        {
            DefaultValueFactory = _ => [1, 4, 16],
            Description = "ranks of LoRA Extended",
            AllowMultipleArgumentsPerToken = true
        };
        var rank = new Option<int>("--lora-rank") { DefaultValueFactory = _ => 16, Description = "rank of the LoRA without convolutions" };
        var pictures = new Option<int>("--pictures")
        {
            DefaultValueFactory = _ => 16,
            Description = "pictures of the subject, and of the class, that measure each method"
        };
        var probe = new Option<string>("--probe") { DefaultValueFactory = _ => ProbeVerb.Shipped, Description = "the probe's folder" };
        var clip = new Option<string?>("--clip")
        { Description = "a CLIP image encoder's folder: it judges likeness instead of the probe, which knows the toy world alone" };
        var seed = new Option<ulong>("--seed") { DefaultValueFactory = _ => 7, Description = "seeds every training" };
        var model = BaseOption.Create();
        var output = new Option<string>("--out")
        {
            DefaultValueFactory = _ => Path.Combine("artifacts", "methods"),
            Description = "the folder for what is trained, and for methods.png"
        };
        var command = new Command("methods",
            "Train a subject by textual inversion, LoRA, LoRA Extended and whole, and measure size, time, memory, fidelity and drift.")
        {
            folder, classPrompt, driftPrompt, classImages, weight, word, kind, epochs, ranks, rank, pictures, probe, clip, seed, model,
            output,
        };
        var json = Verb.JsonOption(command);
        command.SetAction((parse, cancel) => Task.FromResult(Run(parse, cancel)));
        return command;

        int Run(ParseResult parse, CancellationToken cancel)
        {
            if (parse.GetValue(pictures) < 2)
                throw new BadInputException("--pictures must be at least 2.");
            var options = new TrainOptions
            {
                Concepts = [new() { InstanceDir = parse.GetValue(folder)!, InstancePrompt = TrainOptions.FileWords,
                    InstanceToken = parse.GetValue(word), ClassToken = parse.GetValue(kind), ClassPrompt = parse.GetValue(classPrompt),
                    ClassImages = parse.GetValue(classImages) }],
                Loss = new() { PriorLossWeight = parse.GetValue(weight) },
                Intervals = new() { Epochs = parse.GetValue(epochs) },
                Seed = parse.GetValue(seed),
            };
            var subject = TrainingPicture.Read(options.Concepts[0]).OrderBy(picture => picture.Path, StringComparer.Ordinal).ToList();
            using var judge = ProbeVerb.Judge(parse.GetValue(clip), parse.GetValue(probe)!);
            var measure = new AdaptationMeasure(judge, [.. subject.Select(picture => RgbImage.Load(picture.Path))],
                [.. subject.Select(picture => picture.Prompt).Distinct()], parse.GetValue(driftPrompt)!)
            {
                Pictures = parse.GetValue(pictures),
            };
            List<MethodWay> ways = [new(TrainMethod.TextualInversion), new(TrainMethod.Lora, parse.GetValue(rank)),
                .. parse.GetValue(ranks)!.Select(rank => new MethodWay(TrainMethod.LoraExtended, rank)), new(TrainMethod.DreamBooth)];
            var rows = MethodComparison.Run(parse.GetValue(model)!, options, measure, ways, parse.GetValue(output)!,
                row => Console.Error.WriteLine($"measured: {row.Method}"), new ConsoleProgress(Console.Error), cancel);
            var shown = rows.SelectMany(row => row.Drawn!.OfSubject.Take(4).Concat(row.Drawn.OfClass.Take(4))).ToList();
            var grid = Path.Combine(parse.GetValue(output)!, "methods.png");
            ImageGrid.Render(shown, shown.Count / rows.Count, cell: 96).SavePng(grid);
            var sizes = MethodComparison.Sd15Sizes();
            return Answer(
                parse.GetValue(json), new
                {
                    Base = parse.GetValue(model),
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
}
