using NotebookKit.Training;

namespace NotebookKit.Tests.Training;

public sealed class LrScheduleTests
{
    [Fact]
    public void A_warmup_longer_than_the_run_is_warned_about_with_both_numbers()
    {
        // The article's advice for beginners, 500 steps of warmup, with its own 3 pictures times 100 epochs.
        var warning = Assert.Single(new LrSchedule("constant_with_warmup", 1e-4, 500, 300).Warnings());
        Assert.Contains("500", warning, StringComparison.Ordinal);
        Assert.Contains("300", warning, StringComparison.Ordinal);
        Assert.Contains("5.98e-5", warning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("constant_with_warmup", 500, 501)]
    [InlineData("constant", 500, 300)]
    [InlineData("cosine", 0, 300)]
    public void A_schedule_that_reaches_its_rate_gives_no_warning(string name, int warmup, int total) =>
        Assert.Empty(new LrSchedule(name, 1e-4, warmup, total).Warnings());

    [Fact]
    public void An_unknown_schedule_names_those_that_exist() =>
        Assert.Contains("cosine_with_restarts", Assert.Throws<BadInputException>(() => new LrSchedule("cosin", 1e-4, 0, 10).At(1)).Message, StringComparison.Ordinal);
}
