using NotebookKit.Tests.Training;
using NotebookKit.Workshop.Bench;

namespace NotebookKit.Tests.Workshop;

public sealed class KillRoundsTests(TinyBase tiny) : IClassFixture<TinyBase>
{
    [Fact]
    public void Kills_at_random_moments_lose_nothing_and_the_end_is_the_same_to_the_bit() // kit bench kills has more of them
    {
        using var rounds = new KillRounds(["dotnet", Path.Combine(AppContext.BaseDirectory, "kit-cli.dll")], tiny.Folder, tiny.Pictures,
            Environment.TickCount);
        var figures = rounds.Run(6, _ => { });
        Assert.True(figures.Losses.Count == 0, $"{string.Join("; ", figures.Losses)} (kills of seed {figures.Seed})");
        Assert.True(figures.Kills >= 6);
    }
}
