using NotebookKit.Charts;
using NotebookKit.Display;
using NotebookKit.Training;
using Plotly.NET.CSharp;

namespace NotebookKit.Tests.Charts;

/// <summary>Those who do not see a chart are told what is plotted.</summary>
public sealed class ChartTextTests
{
    [Fact]
    public void The_drawing_says_its_title_its_axes_its_ranges_and_its_series()
    {
        var chart = Chart.Combine([
            Chart.Line<double, double, string>([1, 10, 100], [0.5, 0.125, 0.25], Name: "fidelity"),
            Chart.Line<double, double, string>([1, 10, 100], [1, 2, 3], Name: "drift")]).WithLogX().WithTitles("What rank buys", "rank",
                "cosine");
        var drawn = new Drawn(chart);
        Assert.Equal("What rank buys (line chart)", drawn.Name);
        Assert.Equal("Across: rank (logarithmic), from 1 to 100. Up: cosine, from 0.125 to 3. fidelity: from 0.5 to 0.25, between 0.125 "
            + "and 0.5. drift: from 1 to 3, between 1 and 3.", drawn.Description);
        Assert.Equal($"{drawn.Name}. {drawn.Description}", DisplayFormat.Mime(chart)["text/plain"]);
    }

    [Fact]
    public void Bars_are_told_with_their_names_and_heatmaps_with_their_size()
    {
        Assert.Contains("Across: toy, rabbit. ",
            new Drawn(Chart.Column<double, string, string>([1, 2], Keys: (string[])["toy", "rabbit"])).Description,
            StringComparison.Ordinal);
        Assert.Equal("Values: 1 × 2, between 0.25 and 0.5.",
            new Drawn(Chart.Heatmap<double, string, string, string>(zData: (double[][])[[0.5, 0.25]])).Description);
    }

    [Fact]
    public void What_is_not_drawn_is_told_too() =>
        Assert.Equal("Not drawn: pie.", new Drawn(Chart.Pie<double, string, string>([1], Labels: (string[])["a"])).Description);

    [Fact]
    public void The_kits_own_charts_are_Plotly_charts_that_a_learner_can_go_on_with()
    {
        var loss = TrainingView.LossChart([.. Enumerable.Range(0, 3).Select(step => new StepRecord(step, 1, 0.5, 0.4, 0.3, 1e-4, 1))]);
        var longer = Chart.Combine([loss, Chart.Line<double, double, string>([0, 2], [0.1, 0.1], Name: "mine")])
            .WithYAxisStyle<double, double, string>(TitleText: "my loss");
        var drawn = new Drawn(longer);
        Assert.Equal(5, drawn.Paths.Count);
        Assert.All((string[])["subject", "class", "mine", "my loss", "Loss"], text => Assert.Contains(text, drawn.Texts));
    }

    [Fact]
    public void A_long_run_keeps_its_loss_chart_small()
    {
        var history = Enumerable.Range(0, 30_000).Select(step => new StepRecord(step, 1, 0.5, 0.1 + step * 37 % 101 / 1000.0, 0.3, 1e-4, 1))
            .ToList();
        Assert.True(DisplayFormat.Mime(TrainingView.LossChart(history))["application/vnd.plotly.v1+json"].Length < 100_000);
    }
}
