using NotebookKit.Charts;
using NotebookKit.Training;

namespace NotebookKit.Display;

/// <summary>
/// A run as one cell output that keeps itself up to date: a progress line with the time left, the loss chart, and the
/// newest sample grid. Give it to <see cref="DreamBoothTrainer.Train"/>.
/// </summary>
/// <remarks>On a console it prints the progress line now and then.</remarks>
public sealed class TrainingView : IProgress<TrainProgress>
{
    // Often enough to feel alive; each update sends the whole chart.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private LiveDisplay? _display;
    private SampleGrid? _samples;
    private string _stage = "";
    private TimeSpan _last;

    /// <summary>Pixels that the sample grid is shown at; 0 is its own width.</summary>
    public int GridWidth { get; init; }

    /// <summary>Takes a report; shows it when the last one is a second old, and always when it brings samples or ends a stage.</summary>
    /// <param name="value">Where the run stands.</param>
    public void Report(TrainProgress value)
    {
        _samples = value.Samples ?? _samples;
        var due = value.Samples is not null || value.Stage != _stage || value.Step == value.TotalSteps || value.Elapsed - _last >= Interval;
        if (!due)
            return;
        (_stage, _last) = (value.Stage, value.Elapsed);
        var panel = Draw(value);
        if (_display is null)
            _display = LiveDisplay.Show(panel);
        else
            _display.Update(panel);
    }

    /// <summary>The loss of every step, faint, and its moving average: instance and class apart.</summary>
    /// <param name="history">The steps so far.</param>
    public static Figure LossChart(IReadOnlyList<StepRecord> history)
    {
        var epochs = history.Select((_, step) => (double)step).ToList();
        var figure = new Figure { Height = 260 }.Titled("loss", "optimizer step", "mean squared error");
        figure = WithSeries(figure, "subject", [.. history.Select(step => step.InstanceLoss)], Palette.OfSeries(0));
        return history.Count > 0 && history[^1].PriorLoss is not null
            ? WithSeries(figure, "class", [.. history.Select(step => step.PriorLoss ?? double.NaN)], Palette.OfSeries(1))
            : figure;

        Figure WithSeries(Figure onto, string name, IReadOnlyList<double> values, string color) => onto
            .AddLine(epochs, values, null, opacity: 0.25, color: color)
            .AddLine(epochs, Series.Smooth(values, 0.95), name, color: color);
    }

    private Panel Draw(TrainProgress value)
    {
        var grid = _samples is { } samples ? new Picture(samples.Grid, $"samples after epoch {samples.Epoch}", GridWidth) : null;
        return new Panel(value.Line(), value.History.Count > 1 ? LossChart(value.History) : null, grid);
    }
}
