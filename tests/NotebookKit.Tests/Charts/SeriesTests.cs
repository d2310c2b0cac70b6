using NotebookKit.Charts;

namespace NotebookKit.Tests.Charts;

public sealed class SeriesTests
{
    [Fact]
    public void Smoothing_keeps_a_constant_and_the_first_value()
    {
        Assert.All(Series.Smooth([3, 3, 3, 3], 0.9), v => Assert.Equal(3, v, 1e-12));
        Assert.Equal(7, Series.Smooth([7, 0], 0.9)[0], 1e-12);
        Assert.Equal((0.9 * 0.1 * 7) / (1 - 0.81), Series.Smooth([7, 0], 0.9)[1], 1e-12);
        Assert.Throws<BadInputException>(() => Series.Smooth([1], 1));
    }
}
