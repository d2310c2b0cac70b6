using System.CommandLine;
using System.Globalization;
using NotebookKit.Lora;
using NotebookKit.Lora.Tools;
using NotebookKit.Lora.Use;
using NotebookKit.Pipeline;
using static NotebookKit.Cli.Verbs.Lora.LoraVerb;

namespace NotebookKit.Cli.Verbs.Lora;

/// <summary><c>kit lora xyz</c>: a grid of pictures over multiplier, guidance and seed.</summary>
internal static class XyzVerb
{
    public static Command Create()
    {
        var file = FileArgument();
        var prompt = new Option<string>("--prompt") { Description = "what the pictures show", Required = true };
        var negative = new Option<string>("--negative-prompt") { DefaultValueFactory = _ => "", Description = "what to lead away from" };
        var multipliers = new Option<string>("--multipliers") { DefaultValueFactory = _ => "0,0.5,1", Description = "columns" };
        var scales = new Option<string>("--cfg") { DefaultValueFactory = _ => "7.5", Description = "rows: guidance scales" };
        var seeds = new Option<string>("--seeds") { DefaultValueFactory = _ => "0", Description = "blocks of rows: seeds" };
        var steps = new Option<int>("--steps") { DefaultValueFactory = _ => 20, Description = "sampling steps" };
        var model = BaseOption.Create();
        var on = DeviceOption.Create();
        var output = new Option<string>("--out") { DefaultValueFactory = _ => "xyz.png", Description = "the .png to write" };
        var strict = StrictOption();
        var command = new Command("xyz", "Draw a grid over multiplier, guidance and seed.") { file, prompt, negative, multipliers, scales,
            seeds, steps, model, on, output, strict };
        var json = Verb.JsonOption(command);
        command.SetAction((parse, cancel) => Task.FromResult(Run(parse, cancel)));
        return command;

        int Run(ParseResult parse, CancellationToken cancel)
        {
            var grid = new LoraGrid(Numbers("--multipliers", parse.GetValue(multipliers)!), Numbers("--cfg", parse.GetValue(scales)!),
                [.. Numbers("--seeds", parse.GetValue(seeds)!).Select(number => (ulong)number)]);
            var path = LoraReference.Parse(parse.GetValue(file)!).Path;
            using var sd = StableDiffusion.Load(parse.GetValue(model)!, DeviceOption.Of(parse.GetValue(on)));
            using var network = LoraNetwork.Load(path, sd, strict: parse.GetValue(strict));
            var picture = grid.Draw(sd, network, new SampleOptions
            {
                Prompt = parse.GetValue(prompt)!,
                NegativePrompt = parse.GetValue(negative)!,
                Steps = parse.GetValue(steps)
            }, CountPrinter.For("picture"), cancel);
            if (Path.GetDirectoryName(Path.GetFullPath(parse.GetValue(output)!)) is { } folder)
                Directory.CreateDirectory(folder);
            picture.SavePng(parse.GetValue(output)!);
            return Answer(parse.GetValue(json), new
            {
                Path = parse.GetValue(output),
                grid.Multipliers,
                Cfg = grid.GuidanceScales,
                grid.Seeds,
                picture.Width,
                picture.Height
            }, parse.GetValue(output)!);
        }
    }

    private static List<double> Numbers(string option, string text)
    {
        var numbers = new List<double>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number)
                || (option == "--seeds" && (number < 0 || number != Math.Floor(number))))
                throw new BadInputException($"{option}: '{part}' is no number; write them with commas between, such as 0,0.5,1.");
            numbers.Add(number);
        }

        return numbers;
    }
}
