using NotebookKit.Tests.Training;
using NotebookKit.Workshop.Bench;

namespace NotebookKit.Tests.Workshop.Bench;

/// <summary><c>kit bench studio</c>, on the tiny random model: what it reports was measured, not assumed.</summary>
public sealed class StudioBenchTests(TinyBase tiny) : IClassFixture<TinyBase>
{
    [Fact]
    public async Task It_times_starts_answers_and_trainings_compares_their_weights_and_watches_memory()
    {
        using var bench = new StudioBench(["dotnet", Path.Combine(AppContext.BaseDirectory, "kit-cli.dll")], tiny.Folder, tiny.Pictures);
        List<string> said = [];

        var figures = await bench.RunAsync(rounds: 2, epochs: 2, minutes: 0.1, said.Add);

        Assert.Equal((2, 2), (figures.ReadySeconds.Count, figures.Pairs.Count));
        Assert.All(figures.ReadySeconds, seconds => Assert.InRange(seconds, 0.05, 60));
        Assert.InRange(figures.AnswerMilliseconds, 0.01, figures.SlowAnswerMilliseconds);
        Assert.InRange(figures.SlowAnswerMilliseconds, figures.AnswerMilliseconds, figures.SlowestAnswerMilliseconds);
        Assert.All(figures.Pairs, pair => Assert.True(pair is { StudioSeconds: > 0, TrainSeconds: > 0, Same: true }));
        Assert.InRange(figures.UpdatesPerSecond, 1, 5);
        Assert.InRange(figures.FirstBytes, 50L << 20, 4L << 30);
        Assert.InRange(figures.LastBytes, 50L << 20, 4L << 30);
        Assert.Contains("the weights are the same to the bit", figures.ToText(), StringComparison.Ordinal);
        Assert.Equal(4, said.Count);
    }

    [Fact]
    public void A_pair_whose_weights_differ_is_said() => Assert.Contains("the weights DIFFER",
        new StudioFigures([1], 1, 2, 3, [new StudioPair(2, 1, Same: true), new StudioPair(2, 1, Same: false)], 5, 0, 0, 0).ToText(),
        StringComparison.Ordinal);
}
