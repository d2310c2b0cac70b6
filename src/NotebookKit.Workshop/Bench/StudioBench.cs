using System.Diagnostics;
using System.Globalization;
using NotebookKit.Lora.Files;
using NotebookKit.Lora.Tools;
using NotebookKit.Training.Runs;

namespace NotebookKit.Workshop.Bench;

/// <summary>
/// The studio as a browser feels it, in a process of its own, and a training under it beside the same one of <c>kit train</c>,
/// the two in turn.
/// </summary>
/// <param name="program">What starts the command line, before its arguments.</param>
/// <param name="model">The base.</param>
/// <param name="photos">Pictures to train on.</param>
internal sealed class StudioBench(IReadOnlyList<string> program, string model, string photos) : IDisposable
{
    private const int Answers = 200;

    private readonly string _folder = Directory.CreateTempSubdirectory("kit-studio-").FullName;

    /// <summary>Measures.</summary>
    /// <param name="rounds">Starts, and pairs of trainings.</param>
    /// <param name="epochs">Epochs of each training.</param>
    /// <param name="minutes">How long a training is watched while memory is looked at; 0 for not at all.</param>
    /// <param name="tell">Told a line after each part.</param>
    public async Task<StudioFigures> RunAsync(int rounds, int epochs, double minutes, Action<string> tell)
    {
        var starts = new List<double>();
        for (var i = 0; i < rounds; i++)
        {
            using var once = await StudioClient.StartAsync(StudioProgram());
            starts.Add(once.ReadySeconds);
        }

        tell($"ready after {Listed(starts)} s");
        using var studio = await StudioClient.StartAsync(StudioProgram());
        await studio.UntilAsync("idle");
        await studio.PostAsync("api/check", "{}"); // as a page does by itself before anybody moves anything
        var answers = await Moved(studio);
        tell($"a moved slider is answered in {Listed([answers[Answers / 2], answers[Answers * 95 / 100], answers[^1]])} ms "
            + "(median, 19 of 20, the slowest)");
        await Train(studio, 1); // paints the class images, which all later trainings take
        var pairs = new List<StudioPair>();
        for (var i = 0; i < rounds; i++)
        {
            pairs.Add(await Pair(studio, epochs, i));
            tell(string.Create(CultureInfo.InvariantCulture, $"under the studio {pairs[^1].StudioSeconds:0.00} s, kit train "
                + $"{pairs[^1].TrainSeconds:0.00} s, {pairs[^1].Ratio:0.000}; {studio.UpdatesPerSecond} updates a second at most"));
        }

        var (first, last) = minutes > 0 ? await Watch(studio, minutes) : (0L, 0L);
        return new StudioFigures(starts, answers[Answers / 2], answers[Answers * 95 / 100], answers[^1], pairs, studio.UpdatesPerSecond,
            minutes, first, last);
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string[] StudioProgram() =>
        [.. program, "studio", "--no-browser", "--base", model, "--instance-dir", photos, "--runs", Path.Combine(_folder, "runs")];

    // Each answer another form, as a slider that is moved asks.
    private static async Task<List<double>> Moved(StudioClient studio)
    {
        var times = new List<double>();
        for (var i = 0; i < Answers; i++)
        {
            var clock = Stopwatch.StartNew();
            await studio.PostAsync("api/check", string.Create(CultureInfo.InvariantCulture,
                $$"""{"prior_loss_weight":["{{0.01 * (i % 150)}}"],"rank":["{{1 + (i % 64)}}"],"epochs":["{{20 + i}}"]}"""));
            times.Add(clock.Elapsed.TotalMilliseconds);
        }

        return [.. times.Order()];
    }

    private async Task<StudioPair> Pair(StudioClient studio, int epochs, int round)
    {
        string run;
        if (round % 2 == 0)
        {
            run = await Train(studio, epochs);
            Repeat(run, round);
        }
        else
        {
            run = Path.Combine(_folder, "runs", Path.GetFileName(Directory.GetDirectories(Path.Combine(_folder, "runs"), "2*").Max()!));
            Repeat(run, round);
            run = await Train(studio, epochs);
        }

        var (here, there) = (Path.Combine(run, "lora.safetensors"), Repeated(round));
        return new StudioPair(Seconds(here), Seconds(there), LoraCompare.Of(LoraFile.Read(here), LoraFile.Read(there)).Difference == 0);
    }

    private async Task<string> Train(StudioClient studio, int epochs)
    {
        var run = (string)(await studio.PostAsync("api/train",
            string.Create(CultureInfo.InvariantCulture, $$"""{"epochs":["{{epochs}}"]}""")))["run"]!;
        await studio.UntilAsync("finished");
        return Path.Combine(_folder, "runs", run);
    }

    private string Repeated(int round) => Path.Combine(_folder, $"train-{round}", "lora.safetensors");

    private void Repeat(string run, int round)
    {
        var start = new ProcessStartInfo(program[0], [.. program.Skip(1), "train", "--from-card", Path.Combine(run, "lora.card.json"),
            "--out", Repeated(round)])
        { RedirectStandardError = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"kit train ended with {process.ExitCode}: {said}");
    }

    // From the first step to the end, the samples between them included.
    private static double Seconds(string output)
    {
        var events = TrainLog.Read(TrainLog.PathFor(output));
        return (events.OfType<FinishedEvent>().Last().Elapsed - events.OfType<StepEvent>().First().Elapsed).TotalSeconds;
    }

    // One long training under a page that stays open; what is held after a fifth of the time, and at its end.
    private static async Task<(long First, long Last)> Watch(StudioClient studio, double minutes)
    {
        await studio.PostAsync("api/train", """{"epochs":["100000"],"sample_every":["20"]}""");
        await studio.UntilAsync("training");
        var first = await studio.LeastResidentAsync(TimeSpan.FromMinutes(minutes / 5));
        await Task.Delay(TimeSpan.FromMinutes(minutes * 3 / 5));
        var last = await studio.LeastResidentAsync(TimeSpan.FromMinutes(minutes / 5));
        await studio.PostAsync("api/stop", "{}");
        await studio.UntilAsync("stopped");
        return (first, last);
    }

    private static string Listed(IEnumerable<double> figures) =>
        string.Join(", ", figures.Select(figure => figure.ToString("0.00", CultureInfo.InvariantCulture)));
}

/// <summary>What a browser feels, and what the studio costs.</summary>
/// <param name="ReadySeconds">From each start of the process until the page and its fields were there.</param>
/// <param name="AnswerMilliseconds">A moved slider, the median.</param>
/// <param name="SlowAnswerMilliseconds">19 of 20 answers took less.</param>
/// <param name="SlowestAnswerMilliseconds">The slowest.</param>
/// <param name="Pairs">Trainings, in turn.</param>
/// <param name="UpdatesPerSecond">The most that a page was sent within a second.</param>
/// <param name="Minutes">How long a training was watched.</param>
/// <param name="FirstBytes">What the process held in the first fifth of it at least.</param>
/// <param name="LastBytes">And in the last.</param>
internal sealed record StudioFigures(IReadOnlyList<double> ReadySeconds, double AnswerMilliseconds, double SlowAnswerMilliseconds,
    double SlowestAnswerMilliseconds, IReadOnlyList<StudioPair> Pairs, int UpdatesPerSecond, double Minutes, long FirstBytes,
    long LastBytes)
{
    /// <summary>The pairs' median ratio.</summary>
    public double Ratio => Pairs.Select(pair => pair.Ratio).Order().ElementAt(Pairs.Count / 2);

    /// <summary>The figures as lines.</summary>
    public string ToText() => string.Create(CultureInfo.InvariantCulture,
        $"ready {ReadySeconds.Order().ElementAt(ReadySeconds.Count / 2):0.00} s (the slowest {ReadySeconds.Max():0.00}); a moved slider "
        + $"{AnswerMilliseconds:0} ms, 19 of 20 below {SlowAnswerMilliseconds:0}, the "
        + $"slowest {SlowestAnswerMilliseconds:0}; {UpdatesPerSecond} updates a second at most\n"
        + $"training under the studio : kit train {Ratio:0.000}, the median of {Pairs.Count} pairs; the weights "
        + $"{(Pairs.All(pair => pair.Same) ? "are the same to the bit" : "DIFFER")}")
        + (Minutes > 0 ? string.Create(CultureInfo.InvariantCulture, $"\nwatched for {Minutes:0.#} minutes: {FirstBytes >> 20} MB in the "
            + $"first fifth, {LastBytes >> 20} MB in the last") : "");
}

/// <summary>The same training twice.</summary>
/// <param name="StudioSeconds">Under the studio, with a page that watches.</param>
/// <param name="TrainSeconds">Under <c>kit train</c>.</param>
/// <param name="Same">Whether the weights are the same to the bit.</param>
internal sealed record StudioPair(double StudioSeconds, double TrainSeconds, bool Same)
{
    /// <summary>The first to the second.</summary>
    public double Ratio => StudioSeconds / TrainSeconds;
}
