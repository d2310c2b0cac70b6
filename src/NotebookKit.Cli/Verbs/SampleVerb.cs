using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using NotebookKit.Cli.Doctor;
using NotebookKit.Images;
using NotebookKit.Lora;
using NotebookKit.Models;
using NotebookKit.Schedulers;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit sample</c>: draws pictures from a prompt.</summary>
internal static class SampleVerb
{
    private static readonly Option<string> Base = new("--base") { Description = "the model: a folder in the diffusers layout", DefaultValueFactory = _ => Path.Combine(Checkout.Root, "data", "base-mini") };
    private static readonly Option<string> Prompt = new("--prompt") { Description = "what the picture shows", DefaultValueFactory = _ => "" };
    private static readonly Option<string> Negative = new("--negative-prompt") { Description = "what to lead away from", DefaultValueFactory = _ => "" };
    private static readonly Option<int> Steps = new("--steps") { Description = "sampling steps", DefaultValueFactory = _ => 20 };
    private static readonly Option<double> Cfg = new("--cfg") { Description = "guidance scale; 1 for none", DefaultValueFactory = _ => 7.5 };
    private static readonly Option<ulong> Seed = new("--seed") { Description = "seed of the first picture; each further one has the next", DefaultValueFactory = _ => 0 };
    private static readonly Option<int> Count = new("--count") { Description = "how many pictures", DefaultValueFactory = _ => 1 };
    private static readonly Option<int?> Size = new("--size") { Description = "height and width in pixels; the model's own when not given" };
    private static readonly Option<string> Sampler = new("--scheduler") { Description = string.Join(", ", Scheduler.Names), DefaultValueFactory = _ => "ddim" };
    private static readonly Option<string[]> Lora = new("--lora") { Description = "NAME[:MULTIPLIER] of a file below loras/, or a path; repeat for more" };
    private static readonly Option<string> Out = new("--out") { Description = "a folder, or a .png (the grid, when there are several pictures)", DefaultValueFactory = _ => "samples" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var command = new Command("sample", "Draw pictures from a prompt.");
        foreach (var option in new Option[] { Base, Prompt, Negative, Steps, Cfg, Seed, Count, Size, Sampler, Lora, Out })
            command.Options.Add(option);
        var json = Verb.JsonOption(command);
        command.SetAction((parse, cancel) => Task.FromResult(Run(parse, parse.GetValue(json), cancel)));
        return command;
    }

    private static int Run(ParseResult parse, bool json, CancellationToken cancel)
    {
        var options = new SampleOptions
        {
            Prompt = parse.GetValue(Prompt)!,
            NegativePrompt = parse.GetValue(Negative)!,
            Steps = parse.GetValue(Steps),
            GuidanceScale = parse.GetValue(Cfg),
            Seed = parse.GetValue(Seed),
            Count = parse.GetValue(Count),
            Size = parse.GetValue(Size),
            Scheduler = parse.GetValue(Sampler)!,
        };
        if (string.IsNullOrWhiteSpace(options.Prompt))
            throw new BadInputException("The prompt is empty; give one, such as --prompt \"a photo of a rabbit toy\".");

        var loras = (parse.GetValue(Lora) ?? []).Select(text => LoraReference.Parse(text)).ToList();
        using var model = StableDiffusion.Load(parse.GetValue(Base)!);
        foreach (var lora in loras)
            LoraNetwork.Load(lora.Path, model, lora.Multiplier);
        var clock = Stopwatch.StartNew();
        var pictures = model.Sample(options, new StepPrinter(), cancel);
        var (files, grid) = Save(pictures, options.Seed, parse.GetValue(Out)!);
        var seconds = clock.Elapsed.TotalSeconds;

        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(
                new { options.Prompt, options.NegativePrompt, options.Steps, Cfg = options.GuidanceScale, options.Seed, options.Count, pictures[0].Width, pictures[0].Height, options.Scheduler, Files = files, Grid = grid, Seconds = Math.Round(seconds, 3) },
                Verb.Json));
        }
        else
        {
            foreach (var file in grid is null ? files : [.. files, grid])
                Console.Out.WriteLine(file);
        }

        return 0;
    }

    // One picture: the .png named, or FOLDER/<seed>.png. Several: each by its seed, and a grid of all.
    private static (List<string> Files, string? Grid) Save(IReadOnlyList<RgbImage> pictures, ulong seed, string target)
    {
        var toFile = Path.GetExtension(target).Equals(".png", StringComparison.OrdinalIgnoreCase);
        Directory.CreateDirectory(toFile ? Path.GetDirectoryName(Path.GetFullPath(target))! : target);
        if (toFile && pictures.Count == 1)
        {
            pictures[0].SavePng(target);
            return ([target], null);
        }

        var prefix = toFile ? Path.ChangeExtension(target, null) + "-" : target + Path.DirectorySeparatorChar;
        var files = new List<string>();
        for (var i = 0; i < pictures.Count; i++)
        {
            files.Add($"{prefix}{seed + (ulong)i}.png");
            pictures[i].SavePng(files[^1]);
        }

        if (pictures.Count == 1)
            return (files, null);
        var grid = toFile ? target : Path.Combine(target, "grid.png");
        ImageGrid.Render(pictures, (int)Math.Ceiling(Math.Sqrt(pictures.Count))).SavePng(grid);
        return (files, grid);
    }

    /// <summary>Shows the steps on one line of standard error, where there is a terminal to show them.</summary>
    private sealed class StepPrinter : IProgress<StepProgress>
    {
        public void Report(StepProgress value)
        {
            if (!Console.IsErrorRedirected)
                Console.Error.Write(value.Done < value.Total ? $"\rstep {value.Done} of {value.Total} " : "\r                        \r");
        }
    }
}
