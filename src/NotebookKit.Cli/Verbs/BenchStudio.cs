using System.CommandLine;
using System.Text.Json;
using NotebookKit.Workshop.Bench;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit bench studio</c>: how soon the studio answers, and what a training under it costs.</summary>
internal static class BenchStudio
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var model = BaseOption.Create();
        var pictures = new Option<string>("--pictures-dir")
        {
            DefaultValueFactory = _ => "data/sample-rabbit",
            Description = "pictures to train on"
        };
        var rounds = new Option<int>("--rounds") { DefaultValueFactory = _ => 3, Description = "starts, and pairs of trainings" };
        var epochs = new Option<int>("--epochs") { DefaultValueFactory = _ => 20, Description = "epochs of each training" };
        var minutes = new Option<double>("--minutes")
        {
            DefaultValueFactory = _ => 1,
            Description = "how long a training is watched for its memory; 60 for an hour, 0 for not at all"
        };
        var command = new Command("studio", "The studio as a browser feels it: start, a moved slider, updates, memory; and a training "
            + "under it beside kit train's.") { model, pictures, rounds, epochs, minutes };
        var json = Verb.JsonOption(command);
        command.SetAction(async (parse, _) =>
        {
            if (parse.GetValue(rounds) is < 1 or > 100)
                throw new BadInputException("--rounds must be from 1 to 100.");
            if (parse.GetValue(epochs) is < 1 or > 10_000)
                throw new BadInputException("--epochs must be from 1 to 10000.");
            if (parse.GetValue(minutes) is not (>= 0 and <= 1440))
                throw new BadInputException("--minutes must be from 0 to 1440.");
            using var bench = new StudioBench([.. KernelVerb.Program().Take(2)], parse.GetValue(model)!, parse.GetValue(pictures)!);
            var figures = await bench.RunAsync(parse.GetValue(rounds), parse.GetValue(epochs), parse.GetValue(minutes),
                Console.Error.WriteLine);
            Console.WriteLine(parse.GetValue(json) ? JsonSerializer.Serialize(figures, Verb.Json) : figures.ToText());
            return figures.Pairs.All(pair => pair.Same) ? 0 : Verb.Failed;
        });
        return command;
    }
}
