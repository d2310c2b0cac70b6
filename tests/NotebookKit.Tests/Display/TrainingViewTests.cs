using NotebookKit.Display;
using NotebookKit.Images;
using NotebookKit.Notebooks.Engine;
using NotebookKit.Tests.Notebooks.Engine;
using NotebookKit.Training;
using NotebookKit.Training.Runs;

namespace NotebookKit.Tests.Display;

public sealed class TrainingViewTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    [Fact]
    public void One_display_shows_line_chart_and_the_newest_grid()
    {
        var history = Enumerable.Range(0, 3).Select(step => new StepRecord(step, 1, 0.5, 0.4, 0.3, 1e-4, 1)).ToList();
        var shown = Shown(() =>
        {
            var view = new TrainingView();
            view.Report(new StepEvent(history[0], 4, 2) { Elapsed = TimeSpan.FromSeconds(1), History = [history[0]] });
            view.Report(new StepEvent(history[2], 4, 2)
            {
                Elapsed = TimeSpan.FromSeconds(3),
                Remaining = TimeSpan.FromSeconds(7),
                History = history
            });
            view.Report(new SamplesEvent(new SampleGrid(1, "grid.png"))
            { Grid = new RgbImage(4, 4), Elapsed = TimeSpan.FromSeconds(3) });
            view.Report(new StepEvent(history[2] with { Step = 3 }, 4, 2) { Elapsed = TimeSpan.FromSeconds(4), History = history });
        });

        Assert.Single(shown.Select(s => s.Id).Distinct());
        Assert.Equal([false, true, true, true], shown.Select(s => s.Update));
        Assert.DoesNotContain("<svg", shown[0].Html, StringComparison.Ordinal);
        Assert.Contains("7 s left", shown[1].Html, StringComparison.Ordinal);
        Assert.Contains("<svg", shown[1].Html, StringComparison.Ordinal);
        Assert.Contains("samples after epoch 1", shown[3].Html, StringComparison.Ordinal); // the grid stays
    }

    [Fact]
    public void Several_runs_of_a_cell_take_a_line_each()
    {
        var history = Enumerable.Range(0, 3).Select(step => new StepRecord(step, 1, 0.5, 0.4, 0.3, 1e-4, 1)).ToList();
        var shown = Shown(() =>
        {
            foreach (var weight in (string[])["weight 0.1", "weight 1"])
            {
                var view = new TrainingView { Heading = weight, LineOnly = true };
                view.Report(new StepEvent(history[2], 3, 2) { Elapsed = TimeSpan.FromSeconds(3), History = history });
                view.Report(new SamplesEvent(new SampleGrid(1, "grid.png"))
                { Grid = new RgbImage(4, 4), Elapsed = TimeSpan.FromSeconds(3) });
            }
        });

        Assert.Equal(2, shown.Select(s => s.Id).Distinct().Count());
        Assert.Contains("weight 0.1: training 3/3", shown[0].Html, StringComparison.Ordinal);
        Assert.All(shown, s => Assert.DoesNotContain("<svg", s.Html, StringComparison.Ordinal));
        Assert.All(shown, s => Assert.DoesNotContain("<img", s.Html, StringComparison.Ordinal));
    }

    [Fact]
    public void Reports_of_one_second_are_shown_once()
    {
        Assert.Single(Shown(() =>
        {
            var view = new TrainingView();
            for (var step = 1; step <= 50; step++)
                view.Report(new StageEvent("encoding pictures", step, 100, null) { Elapsed = TimeSpan.FromMilliseconds(10 * step) });
        }));
    }

    /// <summary>What is shown below a cell that does this.</summary>
    private List<(string Id, string Html, bool Update)> Shown(Action inCell) => [.. engine.RunInCell(inCell).Select(shown => shown switch
    {
        Displayed first => (first.Id!, first.Data["text/html"], false),
        Updated later => (later.Id, later.Data["text/html"], true),
        _ => ("", "", false),
    })];
}
