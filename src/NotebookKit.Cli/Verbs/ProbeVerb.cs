using System.CommandLine;
using System.Text.Json;
using NotebookKit.Cli.Doctor;
using NotebookKit.Evaluation;
using NotebookKit.Workshop.Evaluation;
using NotebookKit.Workshop.Pretraining;
using NotebookKit.Workshop.World;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit probe</c>: makes the small network that grades pictures of the toy world.</summary>
internal static class ProbeVerb
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var output = new Option<string>("--out") { Description = "folder of the probe", Required = true };
        var from = new Option<string?>("--from")
        {
            Description = "a probe's folder: only its readings are learned anew, its vectors stay (default: from nothing)"
        };
        var preset = new Option<string>("--preset")
        {
            Description = "which part of the world it reads: cpu or gpu",
            DefaultValueFactory = _ => "cpu"
        };
        preset.AcceptOnlyFromAmong("cpu", "gpu");
        var steps = new Option<long>("--steps") { Description = "updates of 80 pictures", DefaultValueFactory = _ => 1_500 };
        var pictures = new Option<int>("--pictures") { Description = "scenes to learn from", DefaultValueFactory = _ => 9_000 };
        var seed = new Option<ulong>("--seed") { Description = "decides pictures, first weights and draws", DefaultValueFactory = _ => 1 };
        var workers = new Option<int>("--workers")
        {
            Description = "threads that train on shared weights; 1 is repeatable to the bit",
            DefaultValueFactory = _ => 1
        };
        var verb = new Command("probe", "make the probe that kit grade reads pictures with") { output, from, preset, steps, pictures, seed,
            workers };
        var json = Verb.JsonOption(verb);
        verb.SetAction(parse =>
        {
            if (parse.GetValue(steps) < 1 || parse.GetValue(pictures) < 300 || parse.GetValue(workers) < 1)
                throw new BadInputException("--steps and --workers must be above 0, and --pictures at least 300.");
            if (parse.GetValue(from) is not null && ((Option[])[steps, workers]).FirstOrDefault(Given) is { } idle)
                throw new BadInputException($"{idle.Name} has no effect with --from, which trains no convolution; leave one of them out.");
            using var stop = new StopSignals();
            var world = parse.GetValue(preset) == "gpu" ? WorldPreset.Gpu : WorldPreset.Cpu;
            var quality = parse.GetValue(from) is { } given
                ? ProbeTraining.Readings(given, parse.GetValue(output)!, world, parse.GetValue(seed), parse.GetValue(pictures),
                    new PretrainLines(), stop.Token)
                : ProbeTraining.Run(parse.GetValue(output)!, world, parse.GetValue(seed), parse.GetValue(steps), parse.GetValue(workers),
                    parse.GetValue(pictures), new PretrainLines(), stop.Token);
            if (parse.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(quality, Verb.Json));
            else
                Console.WriteLine($"read right on {quality.N} renders: class {quality.Right.Class:P1}, colour {quality.Right.Colour:P1}, "
                    + $"background {quality.Right.Background:P1}, style {quality.Right.Style:P1}; individuals "
                    + $"{string.Join(", ", quality.Individual.Select(pair => $"{pair.Key} {pair.Value:P0}"))}");

            bool Given(Option option) => parse.GetResult(option) is { Implicit: false };
        });
        return verb;
    }

    /// <summary>What judges likeness: a CLIP image encoder where one is named, else the probe.</summary>
    /// <param name="clip">The encoder's folder.</param>
    /// <param name="probe">The probe's folder.</param>
    public static IPictureEmbedder Judge(string? clip, string probe) => clip is null ? Probe.Load(probe) : new ClipImageEmbedder(clip);

    /// <summary>The probe that ships.</summary>
    public static string Shipped => Path.Combine(Checkout.Root, "data", "probe");
}

/// <summary>Progress on standard error, in order: <see cref="Progress{T}"/> would post lines to the thread pool.</summary>
internal sealed class PretrainLines : IProgress<PretrainProgress>
{
    public void Report(PretrainProgress value) =>
        Console.Error.WriteLine($"{DateTime.Now:HH:mm:ss} {value.Stage} {value.Share:P0}: {value.Text}");
}
