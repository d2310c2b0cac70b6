using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Runs;

namespace NotebookKit.Tests.Training;

/// <summary>What a run tells while it lives.</summary>
public sealed class TrainerEventsTests(TinyBase tiny) : ToyTraining(tiny)
{
    [Fact]
    public void Grids_come_every_few_epochs_and_at_the_end_from_the_same_seeds()
    {
        var drawn = new List<SamplesEvent>();
        using var sd = StableDiffusion.Load(Tiny.Folder);
        var result = new DreamBoothTrainer(sd,
            Options with
            {
                Samples = Options.Samples with { Every = 2 },
                Concepts = [Options.Concepts[0] with { SamplesPerPrompt = 2 }],
                Learning = Options.Learning with { Rate = 1e-12 }
            })
            .Train(new Heard<TrainEvent>(report => { if (report is SamplesEvent samples) drawn.Add(samples); }));
        var grids = result.Samples;
        Assert.Equal([2, 3], grids.Select(grid => grid.Epoch));
        Assert.Equal(grids, drawn.Select(samples => samples.Samples));
        Assert.Equal(grids.Select(grid => grid.Grid.Pixels), drawn.Select(samples => samples.Grid.Pixels));
        Assert.Equal(Pictures(grids.SelectMany(grid => grid.Rows)), Pictures(drawn.SelectMany(samples => samples.Rows)));
        Assert.Equal(grids[0].Grid.Pixels, grids[1].Grid.Pixels); // nothing was learned, so the seeds must give the same
    }

    private static IEnumerable<byte[]> Pictures(IEnumerable<SampleRow> rows) =>
        rows.SelectMany(row => row.Pictures).Select(picture => picture.Pixels);

    [Fact]
    public void A_first_grid_shows_what_the_base_makes_of_the_prompts()
    {
        using var sd = StableDiffusion.Load(Tiny.Folder);
        var plain = sd.Sample(new SampleOptions
        {
            Prompt = "a photo of a toy",
            Count = 2,
            Steps = 2,
            GuidanceScale = 3,
            Seed = Options.Seed
        });
        var grids = new DreamBoothTrainer(sd,
            Options with
            {
                Samples = Options.Samples with { Every = 3, AtFirst = true, Steps = 2, Guidance = 3 },
                Concepts = [Options.Concepts[0] with { SamplesPerPrompt = 2,
                    SamplePrompts = ["a photo of a toy", "a toy"] }]
            }).Train().Samples;
        Assert.Equal([0, 3], grids.Select(grid => grid.Epoch));
        Assert.Equal(["a photo of a toy", "a toy"], grids[0].Rows.Select(row => row.Prompt));
        Assert.Equal(plain.Select(picture => picture.Pixels), grids[0].Rows[0].Pictures.Select(picture => picture.Pixels));
        Assert.NotEqual(grids[0].Rows[0].Pictures[0].Pixels, grids[1].Rows[0].Pictures[0].Pixels);
    }

    [Fact]
    public void Every_step_is_reported_with_the_time_that_is_left()
    {
        var reports = new List<TrainEvent>();
        using var sd = StableDiffusion.Load(Tiny.Folder);
        new DreamBoothTrainer(sd, Options).Train(new Heard<TrainEvent>(reports.Add));
        var steps = reports.OfType<StepEvent>().ToList();
        Assert.Equal(Enumerable.Range(0, 9), steps.Select(report => report.Step.Step));
        Assert.Equal([1, 1, 1, 2, 2, 2, 3, 3, 3], steps.Select(report => report.Step.Epoch));
        Assert.Equal(Enumerable.Range(1, 9), steps.Select(report => report.Step.PicturesSeen));
        Assert.All(steps, report => Assert.Equal((9, 3), (report.TotalSteps, report.Epochs)));
        Assert.Equal(TimeSpan.Zero, steps[^1].Remaining);
        Assert.Contains("left", steps[4].Line(), StringComparison.Ordinal);
        Assert.Contains(reports, report => report is StageEvent { Stage: "painting class images", Total: 4 });
        Assert.IsType<FinishedEvent>(reports[^1]);
    }

    [Fact]
    public async Task The_stream_the_callback_and_the_log_tell_the_same()
    {
        var streamed = new List<TrainEvent>();
        using var sd = StableDiffusion.Load(Tiny.Folder);
        await foreach (var happened in new DreamBoothTrainer(sd,
            Options with { Samples = Options.Samples with { Every = 3 } }).TrainAsync(TestContext.Current.CancellationToken))
            streamed.Add(happened);
        var called = new List<TrainEvent>();
        new DreamBoothTrainer(sd, Options with
        {
            Samples = Options.Samples with { Every = 3 },
            Saving = Options.Saving with { Output = Path.Combine(Folder, "again.safetensors") }
        }).Train(new Heard<TrainEvent>(called.Add));
        Assert.Equal(Steps(streamed), Steps(called));

        // The log is the stream, event by event, and reads back as it.
        var log = Path.Combine(Folder, "toy.log.jsonl");
        Assert.Equal(streamed.Select(happened => System.Text.Json.JsonSerializer.Serialize(happened, TrainLog.Json)),
            File.ReadAllLines(log));
        Assert.Equal(Kinds(streamed), Kinds(called));
        var read = TrainLog.Read(log);
        Assert.Equal(Steps(streamed), Steps(read));
        Assert.Equal(streamed.Select(happened => happened.Line()), read.Select(happened => happened.Line()));
        Assert.Equal(streamed.OfType<SamplesEvent>().Single().Samples.Grid.Pixels,
            read.OfType<SamplesEvent>().Single().Samples.Grid.Pixels);

        var lines = File.ReadAllLines(log).Select(line => System.Text.Json.Nodes.JsonNode.Parse(line)!).ToList();
        Assert.Equal(streamed.Count, lines.Count);
        var logged = lines.Where(line => (string?)line["event"] == "step").ToList();
        Assert.Equal(Steps(streamed).Select(step => step.Loss), logged.Select(line => (double)line["step"]!["loss"]!));
        Assert.Contains(lines, line => (string?)line["event"] == "samples");
        Assert.Equal("finished", (string?)lines[^1]["event"]);

        // The second run finds the class images of the first.
        static IEnumerable<Type> Kinds(IEnumerable<TrainEvent> events) =>
            events.Where(happened => happened is not StageEvent).Select(happened => happened.GetType());

        static List<StepRecord> Steps(IEnumerable<TrainEvent> events) => [.. events.OfType<StepEvent>().Select(step => step.Step)];
    }

    [Fact]
    public async Task Whoever_stops_listening_stops_the_run()
    {
        using var sd = StableDiffusion.Load(Tiny.Folder);
        var before = Predict(sd);
        await foreach (var happened in new DreamBoothTrainer(sd,
            Options with { Intervals = Options.Intervals with { Epochs = 100_000 } }).TrainAsync(TestContext.Current.CancellationToken))
        {
            if (happened is StepEvent { Step.Step: 5 })
                break;
        }

        Assert.True(Predict(sd).Equals(before)); // the adapters are off
    }

    [Fact]
    public async Task A_bad_setting_is_told_by_the_stream_too()
    {
        using var sd = StableDiffusion.Load(Tiny.Folder);
        await Assert.ThrowsAnyAsync<BadInputException>(async () =>
        {
            await foreach (var _ in new DreamBoothTrainer(sd,
                Options with { Lora = Options.Lora with { Rank = 0 } }).TrainAsync(TestContext.Current.CancellationToken))
            {
            }
        });
    }
}
