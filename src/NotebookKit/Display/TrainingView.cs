using System.Runtime.CompilerServices;
using NotebookKit.Charts;
using NotebookKit.Training;
using NotebookKit.Training.Runs;
using Plotly.NET;
using Plotly.NET.CSharp;
using Chart = Plotly.NET.CSharp.Chart;

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

    // Of a longer run the chart keeps the points that carry the shape.
    private const int MostPoints = 600;

    private readonly List<string> _notices = [];
    private LiveDisplay? _display;
    private SamplesEvent? _samples;
    private StepEvent? _step;
    private string _line = "";
    private string _stage = "";
    private bool _chartless;
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
    public static GenericChart LossChart(IReadOnlyList<StepRecord> history)
    {
        var lines = Lines("subject", [.. history.Select(step => step.InstanceLoss)], Palette.Series[0]);
        if (history.Count > 0 && history[^1].PriorLoss is not null)
            lines = [.. lines, .. Lines("class", [.. history.Select(step => step.PriorLoss ?? double.NaN)], Palette.Series[1])];
        return Chart.Combine(lines).WithTitles("Loss", "optimizer step", "mean squared error").WithSize(Height: 260);
    }

    private static GenericChart[] Lines(string name, IReadOnlyList<double> values, string color)
    {
        var (faint, bold) = (Series.Thin(values, MostPoints), Series.Thin(Series.Smooth(values, 0.95), MostPoints));
        return
        [
            Chart.Line<double, double, string>(faint.Select(p => p.X), faint.Select(p => p.Y), Name: $"{name}, each step",
                ShowLegend: false, Opacity: 0.25, LineColor: Color.fromHex(color)),
            Chart.Line<double, double, string>(bold.Select(p => p.X), bold.Select(p => p.Y), Name: name, LineColor: Color.fromHex(color)),
        ];
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
                _samples = samples;
                return true;
            case NoticeEvent notice:
                _notices.Add(notice.Sentence);
                return true;
            case FinishedEvent { Stopped: true }:
                _line = (_step is { } last ? (last with { Remaining = null }).Line() : _line) + ", stopped";
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
        var grid = _samples is { } samples ? new Picture(samples.Grid, $"samples after epoch {samples.Samples.Epoch}", GridWidth) : null;
        var chart = _step is { History.Count: > 1 } ? ChartOf(_step.History) : null;
        var notices = _notices.Count > 0 ? string.Join("\n", _notices.Select(notice => "note: " + notice)) : null;
        return new Panel(line, chart, grid, notices);
    }

    /// <summary>The loss chart; null in a host that cannot load Plotly.NET, as the stock .NET Interactive tool, which brings an older
    /// FSharp.Core.</summary>
    private object? ChartOf(IReadOnlyList<StepRecord> history)
    {
        if (_chartless)
            return null;
        try
        {
            return Drawn(history);
        }
        catch (Exception e) when (e is FileNotFoundException or FileLoadException or TypeLoadException or TypeInitializationException
            or MissingMemberException)
        {
            _chartless = true;
            _notices.Add("the loss chart is left out, since Plotly.NET cannot be loaded here; kit lab shows it.");
            return null;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)] // the package is loaded where its types are first compiled
    private static object Drawn(IReadOnlyList<StepRecord> history) => LossChart(history);
}
