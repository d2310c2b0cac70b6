using System.CommandLine;
using NotebookKit.Cli.Verbs;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Memory;
using NotebookKit.Training.Optimizers;
using NotebookKit.Training.Runs;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training.Memory;

/// <summary>Every piece of the wizard's advice can be followed: <c>kit train</c> takes it, and it makes the run that was counted.</summary>
public sealed class PerformanceWizardTests(TinyBase tiny) : IClassFixture<TinyBase>
{
    private TrainOptions Greedy => new()
    {
        Concepts = [new() { InstanceDir = tiny.Pictures, InstancePrompt = "a zwx toy" }],
        Method = TrainMethod.DreamBooth,
        TrainTextEncoder = true,
        Learning = new() { EmaDecay = 0.999 },
        Intervals = new() { BatchSize = 2, GradientAccumulation = 2 },
        Images = new() { Size = 512 },
    };

    private static MemoryPlan Plan(TrainOptions options, ScalarType dtype = ScalarType.Float32) => MemoryPlan.Of(options, dtype);

    [Fact]
    public void Every_kind_of_advice_is_given_somewhere() => Assert.Equal(
        ["--accumulation", "--batch", "--checkpointing", "--dtype", "--ema", "--free-encoders", "--method", "--optimizer", "--size",
            "--text-encoder-ratio"],
        Changes().SelectMany(change => change.Flags).Where(flag => flag.StartsWith("--", StringComparison.Ordinal)).Distinct()
            .Order(StringComparer.Ordinal));

    [Fact]
    public void The_command_line_takes_every_piece_and_makes_the_run_that_was_counted()
    {
        var options = Greedy;
        Assert.All(Changes(), change =>
        {
            var parsed = TrainVerb.Create().Parse([.. change.Flags]);
            Assert.True(parsed.Errors.Count == 0, $"{change}: {string.Join(' ', parsed.Errors)}");
            // --dtype is the verb's own: it loads the base. All others are settings.
            if (change.Flags is ["--dtype", var type])
            {
                Assert.Equal(change.Of(Plan(options)), Plan(options, Precision.TypeOf(type)));
                return;
            }

            Assert.Equal(change.Of(Plan(options)), Plan(WithFlags(options, change)));
        });
    }

    [Fact]
    public void Every_piece_saves_memory() => Assert.All(Changes(), change =>
        Assert.True(Total(change.Of(Plan(Greedy))) < Total(Plan(Greedy)), change.ToString()));

    [Fact]
    public void Where_it_is_said_that_checkpoints_are_kept_they_fit()
    {
        using var sd = StableDiffusion.Load(tiny.Folder);
        var options = Greedy;
        Assert.All(Changes().Where(change => change.Flags[0] != "--dtype"), change =>
        {
            var (before, after) = (Card(options), Card(WithFlags(options, change)));
            Assert.Equal(change.KeepsCheckpoints,
                before.All(setting => after.GetValueOrDefault(setting.Key) == setting.Value) && before.Count == after.Count);
        });

        IReadOnlyDictionary<string, string> Card(TrainOptions settings) => RunCard.Of(sd, settings.ForBase(sd), [], []).Fixed();
    }

    [Fact]
    public void What_a_plan_has_already_is_not_advised()
    {
        var frugal = new MemoryPlan
        {
            Options = new()
            {
                Memory = new() { FreeEncoders = true, GradientCheckpointing = true },
                Learning = new() { Optimizer = OptimizerKind.AdamW8bit },
                Images = new() { Size = 128 },
            },
            DType = ScalarType.BFloat16,
        };
        Assert.Empty(PerformanceWizard.Changes(ModelShape.Sd15, frugal));
        Assert.DoesNotContain(PerformanceWizard.Changes(ModelShape.Sd15,
            Plan(Greedy with { Images = Greedy.Images with { RandomCrop = true } })), change => change.Flags[0] == "--free-encoders");
    }

    private IReadOnlyList<MemoryChange> Changes() => [.. PerformanceWizard.Changes(ModelShape.Sd15, Plan(Greedy))];

    private static TrainOptions WithFlags(TrainOptions options, MemoryChange change)
    {
        var flags = new TrainFlags();
        var command = new Command("train");
        foreach (var option in flags.Options)
            command.Options.Add(option);
        return flags.Read(command.Parse([.. change.Flags]), options);
    }

    private static long Total(MemoryPlan plan) => MemoryForecast.Of(ModelShape.Sd15, plan).Bytes.Total;
}
