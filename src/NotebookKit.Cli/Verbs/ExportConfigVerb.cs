using System.CommandLine;
using System.Text.Json;
using NotebookKit.Checkpoints;
using NotebookKit.Interop;
using NotebookKit.Training.Runs;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit export-config</c>: a run card as the files and the command line of a trainer for large GPUs.</summary>
internal static class ExportConfigVerb
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var card = new Argument<string>("CARD") { Description = "a run card (NAME.card.json)" };
        var trainer = new Option<string>("--for")
        {
            Description = "kohya (sd-scripts 0.8 or newer) or diffusers (its DreamBooth examples)",
            Required = true
        };
        trainer.AcceptOnlyFromAmong("kohya", "diffusers");
        var gpus = new Option<int>("--gpus") { DefaultValueFactory = _ => 1, Description = "how many GPUs are to train, by accelerate" };
        var output = new Option<string?>("--out") { Description = "the folder for the files (NAME-kohya, NAME-diffusers)" };
        var verb = new Command("export-config", "Write the files and the command line with which kohya's or diffusers' trainer trains "
            + "the same.")
        { card, trainer, gpus, output };
        var json = Verb.JsonOption(verb);
        verb.SetAction(parse =>
        {
            if (parse.GetValue(gpus) < 1)
                throw new BadInputException($"--gpus must be at least 1, not {parse.GetValue(gpus)}.");
            var file = parse.GetValue(card)!;
            var run = RunCard.Read(file);
            var exported = parse.GetValue(trainer) == "kohya" ? KohyaExport.Of(run, parse.GetValue(gpus)) : DiffusersExport.Of(run,
                parse.GetValue(gpus));
            var folder = Path.GetFullPath(parse.GetValue(output)
                ?? $"{Path.GetFileName(file).Replace(".card.json", "", StringComparison.Ordinal)}-{parse.GetValue(trainer)}");
            foreach (var (name, text) in exported.Files)
                AtomicFile.WriteText(Path.Combine(folder, name), text);
            if (parse.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(new
                {
                    Folder = folder,
                    exported.Trainer,
                    Files = exported.Files.Keys,
                    exported.Command,
                    exported.Missing,
                    exported.Notes
                }, Verb.Json));
                return;
            }

            Console.WriteLine($"For {exported.Trainer}, in {folder}: {string.Join(", ", exported.Files.Keys)}\n\n{exported.Command}");
            foreach (var sentence in exported.Missing)
                Console.WriteLine($"\nnot taken over: {sentence}");
            foreach (var sentence in exported.Notes)
                Console.WriteLine($"\nnote: {sentence}");
        });
        return verb;
    }
}
