using System.CommandLine;
using System.Text.Json;
using NotebookKit.Workshop.Pretraining;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit pretrain</c>: makes a miniature Stable Diffusion from nothing.</summary>
internal static class PretrainVerb
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var preset = new Option<string>("--preset") { Description = "cpu, cuda or smoke", DefaultValueFactory = _ => "cpu" };
        var output = new Option<string>("--out")
        {
            Description = "folder of the exported model; the unfinished work lies in its .pretrain",
            Required = true
        };
        var from = new Option<string?>("--from")
        { Description = "a model's folder to go on from, its VAE and text encoder as they are (default: from nothing)" };
        var minutes = new Option<double?>("--minutes")
        { Description = "minutes for all stages, earlier calls counted in (default: the preset's)" };
        var steps = new Option<long?>("--steps")
        { Description = "updates of the denoiser; every stage then ends by its count, not by the clock" };
        var seed = new Option<ulong>("--seed") { Description = "decides pictures, first weights and draws", DefaultValueFactory = _ => 1 };
        var workers = new Option<int?>("--workers") { Description = "threads that train on shared weights; 1 is repeatable to the bit" };
        var resume = new Option<bool>("--resume") { Description = "go on from the unfinished work" };
        var verb = new Command("pretrain", "make a miniature Stable Diffusion from nothing on the toy world") { preset, output, from,
            minutes, steps, seed, workers, resume };
        var json = Verb.JsonOption(verb);
        verb.SetAction(parse =>
        {
            var options = new PretrainOptions
            {
                Preset = PretrainPreset.Of(parse.GetValue(preset)!),
                Output = parse.GetValue(output)!,
                From = parse.GetValue(from),
                Minutes = parse.GetValue(minutes),
                Steps = parse.GetValue(steps),
                Seed = parse.GetValue(seed),
                Workers = parse.GetValue(workers),
                Resume = parse.GetValue(resume),
                Commit = Environment.GetEnvironmentVariable("KIT_COMMIT") ?? "",
            };
            if (options.Minutes <= 0 || options.Steps <= 0)
                throw new BadInputException("--minutes and --steps must be above 0.");
            using var stop = new StopSignals();
            var result = Pretrainer.Run(options, new PretrainLines(), stop.Token);
            if (parse.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(result, Verb.Json));
            return result.Finished ? 0 : Verb.Failed;
        });
        return verb;
    }
}
