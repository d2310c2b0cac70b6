using NotebookKit.Workshop.Pretraining;

namespace NotebookKit.Tests.Workshop;

public sealed class RecentPaceTests
{
    [Fact]
    public void A_resumed_run_tells_todays_pace_and_not_the_mean_with_yesterdays()
    {
        // Yesterday 1000 updates at 10 a second; today 2 a second.
        var pace = new RecentPace(1000, 100);
        Assert.Equal(2, pace.Mark(1040, 120), 9);
        Assert.Equal(2, pace.Mark(1080, 140), 9);
    }

    [Fact]
    public void After_some_minutes_the_old_load_is_forgotten()
    {
        var pace = new RecentPace(0, 0);
        var (steps, seconds) = (0L, 0.0);
        for (var i = 0; i < 10; i++)
            pace.Mark(steps += 200, seconds += 20); // 10 a second
        var now = 0.0;
        for (var i = 0; i < 10; i++)
            now = pace.Mark(steps += 40, seconds += 20); // 2 a second
        Assert.Equal(2, now, 9);
    }

    [Fact]
    public void Nothing_is_known_before_time_has_passed() => Assert.Equal(0, new RecentPace(5, 7).Mark(5, 7));

    [Theory]
    [InlineData(1000, double.PositiveInfinity, 100, 50, 2, 450.0)] // 900 updates at 2 a second
    [InlineData(1000, 120, 100, 50, 2, 70.0)] // the clock ends first, whatever the pace
    [InlineData(1000, double.PositiveInfinity, 100, 50, 0, null)]
    public void The_time_left_follows_the_pace_or_the_clock(long steps, double limit, long done, double seconds, double pace,
        double? left) =>
        Assert.Equal(left, new Budget(steps, limit).Left(done, seconds, pace));
}
