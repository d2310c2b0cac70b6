using NotebookKit.Charts;
using NotebookKit.Training;

namespace NotebookKit.Display;

/// <summary>
/// A run as one cell output that keeps itself up to date: a progress line with the time left, the loss chart, and the
/// newest sample grid. Give it to <see cref="DreamBoothTrainer.Train"/>.
/// </summary>
/// <remarks>On a console it prints the progress line now and then.</remarks>
public sealed class TrainingView : IProgress<TrainEvent>
{
    // Often enough to feel alive; each update sends the whole chart.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly List<string> _notices = [];
    private LiveDisplay? _display;
    private SampleGrid? _samples;
    private StepEvent? _step;
    private string _line = "";
    private string _stage = "";
    private TimeSpan _last;

    /// <summary>What stands before the progress line, to tell several runs of a cell apart: "prior loss weight 0.15".</summary>
    public string Heading { get; init; } = "";

    /// <summary>The progress line alone: for several runs, whose charts and grids are shown together afterwards.</summary>
    public bool LineOnly { get; init; }

    /// <summary>Pixels that the sample grid is shown at; 0 is its own width.</summary>
    public int GridWidth { get; init; }

    /// <summary>Takes an event; shows it when the last one is a second old, and always when it brings samples or ends a stage.</summary>
    /// <param name="value">What happened.</param>
    public void Report(TrainEvent value)
    {
        if (!IsDue(value))
            return;
        _last = value.Elapsed;
        var panel = Draw();
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

    // Also takes down what is shown.
    private bool IsDue(TrainEvent value)
    {
        switch (value)
        {
            case StepEvent step:
                var first = _step is null;
                (_step, _line) = (step, step.Line());
                return first || step.Step.Step + 1 == step.TotalSteps || value.Elapsed - _last >= Interval;
            case StageEvent stage:
                _line = stage.Line();
                var other = stage.Stage != _stage;
                _stage = stage.Stage;
                return other || stage.Done == stage.Total || value.Elapsed - _last >= Interval;
            case SamplesEvent samples:
                _samples = samples.Samples;
                return true;
            case NoticeEvent notice:
                _notices.Add(notice.Sentence);
                return true;
            case FinishedEvent { Stopped: true }:
                _line += ", stopped";
                return true;
            default:
                return false;
        }
    }

    private Panel Draw()
    {
        var line = Heading.Length > 0 ? $"{Heading}: {_line}" : _line;
        if (LineOnly)
            return new Panel(line);
        var grid = _samples is { } samples ? new Picture(samples.Grid, $"samples after epoch {samples.Epoch}", GridWidth) : null;
        var notices = _notices.Count > 0 ? string.Join("\n", _notices.Select(notice => "note: " + notice)) : null;
        return new Panel(line, _step is { History.Count: > 1 } ? LossChart(_step.History) : null, grid, notices);
    }
}
