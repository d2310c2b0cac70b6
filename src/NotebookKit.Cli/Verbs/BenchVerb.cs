using System.CommandLine;
using System.Text.Json;
using NotebookKit.Cli.Bench;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit bench</c>: how fast this machine is at what the kit does. <c>bench/README.md</c> compares with Python.</summary>
internal static class BenchVerb
{
    /// <summary>The verb with its subjects.</summary>
    public static Command Create() => new("bench", "Measure a training step, small operations, or sampling on this machine.")
    {
        Step(),
    };

    private static Command Step()
    {
        var steps = new Option<int>("--steps") { DefaultValueFactory = _ => 30, Description = "steps to measure, after five to warm up" };
        var rank = new Option<int>("--rank") { DefaultValueFactory = _ => 4, Description = "the LoRA's rank" };
        var threads = new Option<int>("--threads") { Description = "threads for libtorch (every core)" };
        var batch = new Option<int>("--batch") { DefaultValueFactory = _ => 1, Description = "latents in a step" };
        var command = new Command("step", "One LoRA training step (forward, backward, AdamW) of the reference UNet with SD 1.5's topology.") { steps, rank, threads, batch };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            var result = StepBench.Run(parse.GetValue(steps), parse.GetValue(rank), parse.GetValue(threads), parse.GetValue(batch));
            Console.WriteLine(parse.GetValue(json) ? JsonSerializer.Serialize(result, Verb.Json) : result.ToText());
            return 0;
        });
        return command;
    }
}
