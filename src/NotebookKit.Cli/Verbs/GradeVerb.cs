using System.CommandLine;
using System.Text.Json;
using NotebookKit.Evaluation;
using NotebookKit.Pipeline;
using NotebookKit.Workshop.Evaluation;
using NotebookKit.Workshop.World;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit grade</c>: how often a base model draws what its captions say.</summary>
internal static class GradeVerb
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var defaults = new GradeOptions();
        var folder = BaseOption.Create();
        var on = DeviceOption.Create();
        var probe = new Option<string>("--probe") { Description = "the probe's folder", DefaultValueFactory = _ => ProbeVerb.Shipped };
        var preset = new Option<string>("--preset")
        {
            Description = "which part of the world it is asked for: cpu or gpu",
            DefaultValueFactory = _ => "cpu"
        };
        preset.AcceptOnlyFromAmong("cpu", "gpu");
        var n = new Option<int>("--count") { Description = "pictures", DefaultValueFactory = _ => defaults.N };
        var seed = new Option<ulong>("--seed")
        {
            Description = "decides scenes, captions and noise",
            DefaultValueFactory = _ => defaults.Seed
        };
        var steps = new Option<int>("--steps") { Description = "DDIM steps", DefaultValueFactory = _ => defaults.Steps };
        var cfg = new Option<double>("--cfg") { Description = "guidance scale", DefaultValueFactory = _ => defaults.Cfg };
        var sheet = new Option<string?>("--sheet") { Description = "PNG with up to a hundred pictures beside renders of the same scenes" };
        var strip = new Option<string?>("--strip")
        { Description = "PNG of twelve faces as rendered and, below, as the VAE encodes and decodes them" };
        var verb = new Command("grade", "grade a base model: the share of attributes that its pictures have right") { folder, on, probe,
            preset, n, seed, steps, cfg, sheet, strip };
        var json = Verb.JsonOption(verb);
        verb.SetAction(parse =>
        {
            if (parse.GetValue(n) is < 1 or > 100_000 || parse.GetValue(steps) is < 1 or > 1000 || !(parse.GetValue(cfg) >= 1))
                throw new BadInputException("--count must be 1 to 100000, --steps 1 to 1000, --cfg at least 1.");
            using var stop = new StopSignals();
            using var reader = Probe.Load(parse.GetValue(probe)!);
            using var model = StableDiffusion.Load(parse.GetValue(folder)!, DeviceOption.Of(parse.GetValue(on)));
            var options = new GradeOptions
            {
                N = parse.GetValue(n),
                Seed = parse.GetValue(seed),
                Steps = parse.GetValue(steps),
                Cfg = parse.GetValue(cfg),
                Sheet = parse.GetValue(sheet)
            };
            var counter = new CountLines("drawn", options.N);
            var world = parse.GetValue(preset) == "gpu" ? WorldPreset.Gpu : WorldPreset.Cpu;
            var grade = Grader.Run(model, reader, world, options, counter.Report, stop.Token) with
            {
                VaePsnr = Math.Round(Reconstruction.Measure(model, world, options.Seed, parse.GetValue(strip)), 2),
            };
            if (parse.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(grade, Verb.Json));
            else
                Console.WriteLine($"{grade.N} pictures: class {grade.Class:P1}, colour {grade.Colour:P1}, background "
                    + $"{grade.Background:P1}, style {grade.Style:P1}, all {grade.All:P1}; renders: all {grade.Probe.All:P1}; VAE "
                    + $"{grade.VaePsnr:F1} dB");
        });
        return verb;
    }
}

/// <summary>Lines with a count and the time left, every few seconds.</summary>
/// <param name="what">What is counted.</param>
/// <param name="total">How many there will be.</param>
internal sealed class CountLines(string what, int total)
{
    private readonly System.Diagnostics.Stopwatch _clock = System.Diagnostics.Stopwatch.StartNew();
    private double _next = 5;

    public void Report(int done)
    {
        if (_clock.Elapsed.TotalSeconds < _next)
            return;
        _next = _clock.Elapsed.TotalSeconds + 5;
        Console.Error.WriteLine($"{what} {done} of {total}, "
            + $"{TimeSpan.FromSeconds(_clock.Elapsed.TotalSeconds / done * (total - done)):h\\:mm\\:ss} left");
    }
}
