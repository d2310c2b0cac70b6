using NotebookKit.Workshop.Pretraining;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Workshop;

public sealed class ParallelTrainerTests : IDisposable
{
    private readonly string _checkpoint = Path.GetTempFileName();

    public ParallelTrainerTests() => File.Delete(_checkpoint);

    public void Dispose() => File.Delete(_checkpoint);

    private static TrainerSettings Settings(double ema = 0) =>
        new() { Stage = "toy", Seed = 5, LearningRate = 0.05, WarmupSteps = 1, WeightDecay = 0, EmaDecay = ema };

    [Fact]
    public void Two_workers_share_the_updates_and_reach_the_target()
    {
        List<Towards> learners = [new(), new()];
        using var trainer = new ParallelTrainer(learners, Settings(), _checkpoint);
        Assert.True(trainer.Run(new Budget(600, double.PositiveInfinity), _ => { }, default));
        Assert.Equal(600, trainer.Steps);
        Assert.True(learners.All(l => l.Updates > 0), "one worker did all the work");
        Assert.Equal(600, learners.Sum(l => l.Updates));
        Assert.Equal(3f, trainer.NamedAverage()["value"].mean().item<float>(), 0.05f);
    }

    [Fact]
    public void A_stop_and_a_new_start_give_what_an_unbroken_run_gives()
    {
        var whole = Train(40, stopAt: 40);
        File.Delete(_checkpoint);
        Train(40, stopAt: 17);
        Assert.Equal(whole, Train(40, stopAt: 40));
    }

    [Fact]
    public void The_average_lags_behind_the_weights()
    {
        using var trainer = new ParallelTrainer([new Towards()], Settings(ema: 0.99), _checkpoint);
        trainer.Run(new Budget(60, double.PositiveInfinity), _ => { }, default);
        var average = trainer.NamedAverage()["value"].mean().item<float>();
        Assert.InRange(average, 0.1f, 2.9f);
    }

    [Fact]
    public void A_failure_of_any_worker_ends_the_run_and_names_its_stage()
    {
        using var trainer = new ParallelTrainer([new Towards(), new Towards { FailAt = 3 }], Settings(), _checkpoint);
        var failure = Assert.Throws<InvalidOperationException>(() => trainer.Run(new Budget(long.MaxValue, 30), _ => { }, default));
        Assert.Contains("'toy'", failure.Message, StringComparison.Ordinal);
    }

    private float[] Train(long steps, long stopAt)
    {
        using var stop = new CancellationTokenSource();
        using var trainer = new ParallelTrainer([new Towards { AfterUpdate = index => { if (index + 1 == stopAt) stop.Cancel(); } }],
            Settings(ema: 0.9), _checkpoint);
        trainer.Run(new Budget(steps, double.PositiveInfinity), _ => { }, stop.Token);
        Assert.Equal(stopAt, trainer.Steps);
        return [.. trainer.NamedAverage()["value"].data<float>()];
    }

    /// <summary>Pulls four numbers towards 3, with noise.</summary>
    private sealed class Towards : Learner
    {
        private readonly Parameter _value = new(zeros(4));

        public override IReadOnlyList<LearnedTensor> Parameters => [new("value", _value)];

        public int Updates { get; private set; }

        public int FailAt { get; init; } = int.MaxValue;

        public Action<long>? AfterUpdate { get; init; }

        public override Tensor Loss(TrainingStep step)
        {
            if (++Updates >= FailAt)
                throw new ArgumentException("as asked");
            AfterUpdate?.Invoke(step.Index);
            return (_value - 3 + (randn(4, generator: step.Generator) * 0.05)).pow(2).sum();
        }

        public override void Dispose() => _value.Dispose();
    }
}
