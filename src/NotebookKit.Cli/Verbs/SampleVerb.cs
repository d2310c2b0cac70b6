using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using NotebookKit.Images;
using NotebookKit.Lora;
using NotebookKit.Lora.Use;
using NotebookKit.Pipeline;
using NotebookKit.Schedulers;
using NotebookKit.Text;
using NotebookKit.Training;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit sample</c>: draws pictures from a prompt.</summary>
internal static class SampleVerb
{
    private static readonly Option<string> Base = BaseOption.Create(", a .safetensors or .ckpt file, or its name on the hub");
    private static readonly Option<string?> On = DeviceOption.Create();
    private static readonly Option<string?> DType = DTypeOption.Create();
    private static readonly Option<string> Prompt = new("--prompt")
    {
        Description = "what the picture shows",
        DefaultValueFactory = _ => ""
    };
    private static readonly Option<string> Negative = new("--negative-prompt")
    {
        Description = "what to lead away from",
        DefaultValueFactory = _ => ""
    };
    private static readonly Option<int> ClipSkip = new("--clip-skip")
    { Description = "which layer of the text encoder is listened to: 1 the last, 2 the one before it", DefaultValueFactory = _ => 1 };
    private static readonly Option<string> Weights = new("--emphasis")
    {
        Description = $"what (weights:1.2) do: {string.Join(", ", Choices.Names<Emphasis>())}",
        DefaultValueFactory = _ => Choices.Name(Emphasis.Original)
    };
    private static readonly Option<int> Steps = new("--steps") { Description = "sampling steps", DefaultValueFactory = _ => 20 };
    private static readonly Option<double> Cfg = new("--cfg")
    {
        Description = "guidance scale; 1 for none",
        DefaultValueFactory = _ => 7.5
    };
    private static readonly Option<ulong> Seed = new("--seed")
    {
        Description = "seed of the first picture; each further one has the next",
        DefaultValueFactory = _ => 0
    };
    private static readonly Option<int> Count = new("--count") { Description = "how many pictures", DefaultValueFactory = _ => 1 };
    private static readonly Option<string?> Size =
        new("--size") { Description = "pixels: 512, or 512x768 (width x height), multiples of 8; the model's own when not given" };
    private static readonly Option<int?> BatchSize = new("--batch") { Description = "pictures in a batch" };
    private static readonly Option<double> Eta = new("--eta") { Description = "ddim: how much noise is drawn afresh, 0 to 1" };
    private static readonly Option<string?> Init = new("--init-image") { Description = "a picture to start from (img2img)" };
    private static readonly Option<double> Strength = new("--strength")
    {
        Description = "how far that picture is noised, 0 to 1",
        DefaultValueFactory = _ => 0.75
    };
    private static readonly Option<int?> PreviewEvery =
        new("--preview-every") { Description = "after every so many steps, write what the pictures look like by now" };
    private static readonly Option<string> Sampler = new("--sampler")
    {
        Description = string.Join(", ", Scheduler.Names),
        DefaultValueFactory = _ => "ddim"
    };
    private static readonly Option<string[]> Lora =
        new("--lora") { Description = "NAME[:MULTIPLIER] of a file below loras/, or a path; repeat for more" };
    private static readonly Option<string> LoraDir =
        new("--lora-dir")
        {
            Description = "where --lora and <lora:NAME:MULTIPLIER> in the prompt look, subfolders included",
            DefaultValueFactory = _ => LoraLibrary.Folder
        };
    private static readonly Option<string> EmbeddingsDir =
        new("--embeddings-dir")
        {
            Description = "where textual-inversion files lie; one is used where its name stands in a prompt",
            DefaultValueFactory = _ => EmbeddingLibrary.Folder
        };
    private static readonly Option<string> Out = new("--out")
    { Description = "a folder, or a .png (the grid, when there are several pictures)", DefaultValueFactory = _ => "samples" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var command = new Command("sample", "Draw pictures from a prompt.");
        foreach (var option in new Option[] { Base, On, DType, Prompt, Negative, ClipSkip, Weights, Steps, Cfg, Seed, Count, Size,
            BatchSize, Sampler, Eta, Init, Strength, PreviewEvery, Lora, LoraDir, EmbeddingsDir, Out })
            command.Options.Add(option);
        var json = Verb.JsonOption(command);
        command.SetAction((parse, cancel) => Task.FromResult(Run(parse, parse.GetValue(json), cancel)));
        return command;
    }

    private static int Run(ParseResult parse, bool json, CancellationToken cancel)
    {
        var options = OptionsOf(parse);
        List<string> notes = [.. SampleNotices.Of(options), .. VerbNotices(parse, options)];
        var loras = (parse.GetValue(Lora) ?? []).Select(text => LoraReference.Parse(text, parse.GetValue(LoraDir)!)).ToList();
        var device = DeviceOption.Of(parse.GetValue(On));
        var source = ModelSource.Resolve(parse.GetValue(Base)!, new LoadOptions(), cancel);
        var dtype = DTypeOption.Tell(parse.GetValue(DType), source, device);
        using var model = StableDiffusion.Load(source, device, dtype, cancel: cancel);
        Tell(loras.SelectMany(lora =>
            LoraNetwork.Load(lora.Path, model, lora.Multiplier).Problems.Select(problem => $"{lora.Path}: {problem}")));
        var library = new LoraLibrary(parse.GetValue(LoraDir)!);
        var (prompt, stack) = LoraStack.Load(model, options.Prompt, library);
        using var tagged = stack;
        List<string> warnings = [.. stack.Warnings, .. PlaceOfTag.InNegative(options.NegativePrompt, library),
            .. (parse.GetValue(Lora) ?? []).Select(text => library.Ambiguity(text.Split(':')[0])).OfType<string>()];
        if (string.IsNullOrWhiteSpace(prompt))
            throw new BadInputException("The prompt has nothing but tags; say what the picture is to show, too.");
        using var words = new EmbeddingLibrary(parse.GetValue(EmbeddingsDir)!).Attach(model, prompt, options.NegativePrompt);
        warnings.AddRange(words.Warnings);
        Tell([.. notes.Select(note => $"kit: note: {note}"), .. warnings.Select(warning => $"kit: {warning}")]);
        var output = new SampleFiles(parse.GetValue(Out)!, options, model);
        var clock = Stopwatch.StartNew();
        var pictures = model.Sample(options with { Prompt = prompt }, new StepPrinter(output, parse.GetValue(PreviewEvery)), cancel);
        var (files, grid) = output.Save(pictures);
        var seconds = clock.Elapsed.TotalSeconds;

        if (!json)
        {
            foreach (var file in grid is null ? files : [.. files, grid])
                Console.Out.WriteLine(file);
            return 0;
        }

        Console.Out.WriteLine(JsonSerializer.Serialize(
            new
            {
                options.Prompt,
                options.NegativePrompt,
                options.Steps,
                Cfg = options.GuidanceScale,
                options.Seed,
                options.Count,
                pictures[0].Width,
                pictures[0].Height,
                options.Scheduler,
                Strength = options.InitImage is null ? (double?)null : options.Strength,
                Dtype = Precision.NameOf(dtype),
                Files = files,
                Grid = grid,
                output.Previews,
                Loras = stack.Networks.Select(entry => entry.Tag),
                Words = model.Tokenizer.AddedWords.ToList() is { Count: > 0 } added ? added : null,
                Warnings = warnings.Count > 0 ? warnings : null,
                Parameters = options.ParametersOf(model).ToString(),
                Seconds = Math.Round(seconds, 3)
            },
            Verb.Json));
        return 0;
    }

    private static void Tell(IEnumerable<string> lines)
    {
        foreach (var line in lines)
            Console.Error.WriteLine(line);
    }

    private static SampleOptions OptionsOf(ParseResult parse)
    {
        var (width, height) = ParseSize(parse.GetValue(Size));
        if (parse.GetValue(PreviewEvery) is < 1)
            throw new BadInputException("--preview-every must be at least 1.");
        var options = new SampleOptions
        {
            Prompt = parse.GetValue(Prompt)!,
            NegativePrompt = parse.GetValue(Negative)!,
            Emphasis = Choices.Of<Emphasis>("--emphasis", parse.GetValue(Weights)!),
            ClipSkip = parse.GetValue(ClipSkip),
            Steps = parse.GetValue(Steps),
            GuidanceScale = parse.GetValue(Cfg),
            Seed = parse.GetValue(Seed),
            Count = parse.GetValue(Count),
            BatchSize = parse.GetValue(BatchSize),
            Width = width,
            Height = height,
            Scheduler = parse.GetValue(Sampler)!,
            Eta = parse.GetValue(Eta),
            InitImage = parse.GetValue(Init) is { } path ? RgbImage.Load(path) : null,
            Strength = parse.GetValue(Strength),
        };
        return string.IsNullOrWhiteSpace(options.Prompt)
            ? throw new BadInputException("The prompt is empty; give one, such as --prompt \"a photo of a rabbit toy\".") : options;
    }

    private static IEnumerable<string> VerbNotices(ParseResult parse, SampleOptions options)
    {
        if (parse.GetValue(PreviewEvery) is { } every && every > options.Steps)
            yield return $"--preview-every has no effect here: there are only {options.Steps} steps.";
        if (Given(LoraDir) && (parse.GetValue(Lora) ?? []).Length == 0 && ExtraNetworkTag.TakeOut(options.Prompt).Tags.Count == 0)
            yield return "--lora-dir has no effect here: it needs --lora or <lora:NAME:MULTIPLIER> in the prompt.";
        if (Given(EmbeddingsDir) && !Directory.Exists(parse.GetValue(EmbeddingsDir)))
            yield return $"--embeddings-dir has no effect here: there is no folder {parse.GetValue(EmbeddingsDir)}.";

        bool Given(Option option) => parse.GetResult(option) is { Implicit: false };
    }

    private static (int? Width, int? Height) ParseSize(string? text)
    {
        if (text is null)
            return (null, null);
        var sides = text.Split('x', 'X', '×');
        if (sides.Length > 2 || !sides.All(side => int.TryParse(side, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
            throw new BadInputException($"--size '{text}' is no size; write 512 or 512x768.");
        return (int.Parse(sides[0], CultureInfo.InvariantCulture), int.Parse(sides[^1], CultureInfo.InvariantCulture));
    }

    /// <summary>Shows the steps and the time left on one line of standard error, where there is a terminal to show them; writes the
    /// previews.</summary>
    private sealed class StepPrinter(SampleFiles files, int? previewEvery) : IProgress<StepProgress>
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();

        public void Report(StepProgress value)
        {
            if (previewEvery is { } every && value.Step % every == 0)
                files.SavePreview(value);
            if (Console.IsErrorRedirected)
                return;
            var left = _clock.Elapsed / value.Done * (value.Total - value.Done);
            Console.Error.Write(value.Done < value.Total
                ? string.Create(CultureInfo.InvariantCulture, $"\rstep {value.Done} of {value.Total}, {left.TotalSeconds:0} s left ")
                : "\r                                \r");
        }
    }
}
