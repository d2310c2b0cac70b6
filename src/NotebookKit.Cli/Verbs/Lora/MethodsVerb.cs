using System.CommandLine;
using NotebookKit.Training;
using static NotebookKit.Cli.Verbs.Lora.LoraVerb;

namespace NotebookKit.Cli.Verbs.Lora;

/// <summary><c>kit lora methods</c>: textual inversion, LoRA and full fine-tuning in one table.</summary>
internal static class MethodsVerb
{
    public static Command Create()
    {
        var folder = new Option<string>("--instance-dir") { DefaultValueFactory = _ => "data/sample-rabbit", Description = "pictures of the subject with a caption beside each" };
        var heldOut = new Option<int>("--held-out") { DefaultValueFactory = _ => 2, Description = "how many of them, the last by name, only measure" };
        var classPrompt = new Option<string>("--class-prompt") { DefaultValueFactory = _ => "photo of a rabbit toy", Description = "the class without the subject" };
        var epochs = new Option<int>("--epochs") { DefaultValueFactory = _ => 100, Description = "how often each picture is seen" };
        var ranks = new Option<int[]>("--rank") { DefaultValueFactory = _ => [1, 8, 32], Description = "ranks of the LoRAs", AllowMultipleArgumentsPerToken = true };
        var model = BaseOption();
        var output = new Option<string>("--out") { DefaultValueFactory = _ => "artifacts/methods", Description = "the folder for what is trained" };
        var command = new Command("methods", "Train a subject by textual inversion, LoRA and full fine-tuning, and measure size, time, memory, likeness and drift.") { folder, heldOut, classPrompt, epochs, ranks, model, output };
        var json = Verb.JsonOption(command);
        command.SetAction((parse, cancel) => Task.FromResult(Run(parse, cancel)));
        return command;

        int Run(ParseResult parse, CancellationToken cancel)
        {
            var work = parse.GetValue(output)!;
            var all = TrainingPicture.Read(new TrainOptions { InstanceDir = parse.GetValue(folder)!, InstancePrompt = TrainOptions.FileWords }).OrderBy(picture => picture.Path, StringComparer.Ordinal).ToList();
            if (parse.GetValue(heldOut) < 1 || all.Count <= parse.GetValue(heldOut))
                throw new BadInputException($"{parse.GetValue(folder)} holds {all.Count} pictures, too few to keep {parse.GetValue(heldOut)} for measuring and train on the others.");
            var trained = all.Take(all.Count - parse.GetValue(heldOut)).ToList();
            var copies = Directory.CreateDirectory(Path.Combine(work, "pictures")).FullName;
            foreach (var picture in trained)
            {
                File.Copy(picture.Path, Path.Combine(copies, Path.GetFileName(picture.Path)), overwrite: true);
                File.WriteAllText(Path.Combine(copies, Path.GetFileNameWithoutExtension(picture.Path) + ".txt"), picture.Prompt);
            }

            var options = new TrainOptions { InstanceDir = copies, InstancePrompt = TrainOptions.FileWords, ClassPrompt = parse.GetValue(classPrompt), ClassImages = 40, Epochs = parse.GetValue(epochs), Seed = 7 };
            var ways = new List<(TrainMethod, int)> { (TrainMethod.TextualInversion, 1) };
            ways.AddRange(parse.GetValue(ranks)!.Select(rank => (TrainMethod.Lora, rank)));
            ways.Add((TrainMethod.DreamBooth, 1));
            var rows = MethodComparison.Run(parse.GetValue(model)!, options, [.. all.Skip(trained.Count).Select(picture => (picture.Path, picture.Prompt))], ways, work, way => Console.Error.WriteLine($"training: {way}"), cancel);
            var sizes = MethodComparison.Sd15Sizes();
            return Answer(parse.GetValue(json), new { Base = parse.GetValue(model), Epochs = parse.GetValue(epochs), Methods = rows, Sd15 = sizes.Select(size => new { size.What, size.Bytes }) },
                [$"{"",-26} {"bytes",12} {"trained",10} {"seconds",8} {"MB held",8} {"subject",8} {"drift",6}",
                    .. rows.Select(row => Say($"{row.Method,-26} {row.Bytes,12:N0} {row.Trained,10:N0} {row.Seconds,8:0.0} {row.TensorBytes / 1e6,8:0} {row.SubjectLoss,8:0.0000} {row.Drift,6:0.000}")),
                    "", "Stable Diffusion 1.5 (computed):", .. sizes.Select(size => Say($"  {size.What,-46} {size.Bytes,14:N0} bytes"))]);
        }
    }
}
