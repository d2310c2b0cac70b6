using NotebookKit.Display;
using NotebookKit.Images;
using NotebookKit.Training;

namespace NotebookKit.Tests.Display;

public sealed class TrainingViewTests : IDisposable
{
    private const string Sink = "NotebookKit.Display";
    private readonly object? _before = AppContext.GetData(Sink);
    private readonly List<(string Id, string Html, bool Update)> _shown = [];

    public TrainingViewTests() => AppContext.SetData(Sink, (Action<string, IReadOnlyDictionary<string, string>, bool>)((id, bundle, update) => _shown.Add((id, bundle["text/html"], update))));

    [Fact]
    public void One_display_shows_line_chart_and_the_newest_grid()
    {
        var view = new TrainingView();
        var history = Enumerable.Range(0, 3).Select(step => new StepRecord(step, 1, 0.5, 0.4, 0.3, 1e-4, 1)).ToList();
        view.Report(new StepEvent(history[0], 4, 2) { Elapsed = TimeSpan.FromSeconds(1), History = [history[0]] });
        view.Report(new StepEvent(history[2], 4, 2) { Elapsed = TimeSpan.FromSeconds(3), Remaining = TimeSpan.FromSeconds(7), History = history });
        view.Report(new SamplesEvent(new SampleGrid(1, "grid.png") { Grid = new RgbImage(4, 4) }) { Elapsed = TimeSpan.FromSeconds(3) });
        view.Report(new StepEvent(history[2] with { Step = 3 }, 4, 2) { Elapsed = TimeSpan.FromSeconds(4), History = history });

        Assert.Single(_shown.Select(shown => shown.Id).Distinct());
        Assert.Equal([false, true, true, true], _shown.Select(shown => shown.Update));
        Assert.DoesNotContain("<svg", _shown[0].Html, StringComparison.Ordinal);
        Assert.Contains("7 s left", _shown[1].Html, StringComparison.Ordinal);
        Assert.Contains("<svg", _shown[1].Html, StringComparison.Ordinal);
        Assert.Contains("samples after epoch 1", _shown[3].Html, StringComparison.Ordinal); // the grid stays
    }

    [Fact]
    public void Several_runs_of_a_cell_take_a_line_each()
    {
        var history = Enumerable.Range(0, 3).Select(step => new StepRecord(step, 1, 0.5, 0.4, 0.3, 1e-4, 1)).ToList();
        foreach (var weight in (string[])["weight 0.1", "weight 1"])
        {
            var view = new TrainingView { Heading = weight, LineOnly = true };
            view.Report(new StepEvent(history[2], 3, 2) { Elapsed = TimeSpan.FromSeconds(3), History = history });
            view.Report(new SamplesEvent(new SampleGrid(1, "grid.png") { Grid = new RgbImage(4, 4) }) { Elapsed = TimeSpan.FromSeconds(3) });
        }

        Assert.Equal(2, _shown.Select(shown => shown.Id).Distinct().Count());
        Assert.Contains("weight 0.1: training 3/3", _shown[0].Html, StringComparison.Ordinal);
        Assert.All(_shown, shown => Assert.DoesNotContain("<svg", shown.Html, StringComparison.Ordinal));
        Assert.All(_shown, shown => Assert.DoesNotContain("<img", shown.Html, StringComparison.Ordinal));
    }

    [Fact]
    public void Reports_of_one_second_are_shown_once()
    {
        var view = new TrainingView();
        for (var step = 1; step <= 50; step++)
            view.Report(new StageEvent("encoding pictures", step, 100, null) { Elapsed = TimeSpan.FromMilliseconds(10 * step) });
        Assert.Single(_shown);
    }

    public void Dispose() => AppContext.SetData(Sink, _before);
}
