using NotebookKit.Checkpoints;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Runs;
using NotebookKit.Training.Settings;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training;

/// <summary>The knobs that can be turned while a run trains, over four epochs of three steps.</summary>
public sealed class LiveKnobsTests(TinyBase tiny) : IClassFixture<TinyBase>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_turn_counts_from_the_next_step_on_and_stands_in_log_and_card()
    {
        var result = Train("turned", turns: [(3, knobs => knobs.TurnPriorLossWeight(1.5)), (7, knobs => knobs.TurnRate(0.5))]);
        var plain = Train("plain");
        Assert.Equal(plain.History.Take(4), result.History.Take(4));
        Assert.All(result.History.Skip(4), step => Assert.Equal(step.InstanceLoss + (1.5 * step.PriorLoss!.Value), step.Loss, 1e-6));
        Assert.All(result.History.Zip(plain.History).Take(8), pair => Assert.Equal(pair.Second.LearningRate, pair.First.LearningRate));
        Assert.All(result.History.Zip(plain.History).Skip(8),
            pair => Assert.Equal(0.5 * pair.Second.LearningRate, pair.First.LearningRate, 1e-12));
        KnobTurn[] turns = [new(4, PriorLossWeight: 1.5), new(8, RateFactor: 0.5)];
        Assert.Equal(turns, RunCard.Read(result.Card!).Settings.Turns);
        Assert.Equal(turns, TrainLog.Read(_folder["turned.log.jsonl"]).OfType<TurnEvent>().Select(turned => turned.Turn));
    }

    [Fact]
    public void A_card_repeats_a_run_with_its_turns_to_the_bit()
    {
        var first = Train("first", turns: [(2, knobs => knobs.TurnPriorLossWeight(0)), (5, knobs => knobs.TurnPriorLossWeight(0.8))]);
        var again = Train("again", RunCard.Read(first.Card!).Settings with { Saving = Saving("again") });
        Assert.Equal(first.History, again.History);
        Assert.Equal(Weights(first), Weights(again));
    }

    [Fact]
    public void A_run_that_was_cut_off_after_a_turn_makes_it_again()
    {
        var whole = Train("whole", turns: [(4, knobs => knobs.TurnPriorLossWeight(2))]);
        // The newest checkpoint is from before the turn, which stands in the log.
        Train("cut", Options("cut"), stopAt: 4);
        File.AppendAllText(_folder["cut.log.jsonl"],
            File.ReadLines(_folder["whole.log.jsonl"]).Single(line => line.Contains("\"turn\"", StringComparison.Ordinal)) + "\n");
        var resumed = Train("cut", Options("cut") with { Saving = Saving("cut") with { Resume = true } });
        Assert.Equal(whole.History, resumed.History);
        Assert.Equal(Weights(whole), Weights(resumed));
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void What_is_no_weight_is_refused(double value)
    {
        Assert.Throws<BadInputException>(() => new LiveKnobs().TurnPriorLossWeight(value));
        Assert.Throws<BadInputException>(() => new LiveKnobs().TurnRate(value));
    }

    public void Dispose() => _folder.Dispose();

    private SavingSettings Saving(string name) => new() { Output = _folder[name + ".safetensors"], As = ScalarType.Float32 };

    private TrainOptions Options(string name) => new()
    {
        Concepts = [new() { InstanceDir = tiny.Pictures, InstancePrompt = "a photo of zwx toy", ClassPrompt = "a photo of a toy",
            ClassImages = 4, ClassDir = _folder["class"] }],
        Samples = new() { Steps = 2 },
        Intervals = new() { Epochs = 4 },
        Lora = new() { Rank = 2 },
        Seed = 5,
        Saving = Saving(name),
    };

    private TrainResult Train(string name, TrainOptions? options = null, int? stopAt = null,
        IReadOnlyList<(int After, Action<LiveKnobs> Turn)>? turns = null)
    {
        using var sd = StableDiffusion.Load(tiny.Folder);
        using var stop = new CancellationTokenSource();
        var trainer = new DreamBoothTrainer(sd, options ?? Options(name));
        return trainer.Train(new Heard<TrainEvent>(happened =>
        {
            if (happened is not StepEvent { Step.Step: var step })
                return;
            foreach (var (_, turn) in (turns ?? []).Where(turn => turn.After == step))
                turn(trainer.Knobs);
            if (step + 1 == stopAt)
                stop.Cancel();
        }), stop.Token);
    }

    private static Dictionary<string, string> Weights(TrainResult result)
    {
        using var scope = NewDisposeScope();
        return Safetensors.Load(result.Output).ToDictionary(pair => pair.Key, pair => Convert.ToHexString(pair.Value.bytes));
    }
}
