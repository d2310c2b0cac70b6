using NotebookKit.Training.Runs;

namespace NotebookKit.Cli.Verbs;

/// <summary>Tells a run's events as lines of text: often enough to be watched, seldom enough for a log.</summary>
/// <param name="output">Standard error, so that standard output stays for the result.</param>
internal sealed class ConsoleProgress(TextWriter output) : IProgress<TrainEvent>
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private TimeSpan _last = -Interval;
    private string _stage = "";

    /// <inheritdoc/>
    public void Report(TrainEvent value)
    {
        var (stage, ends) = value switch
        {
            StepEvent step => ("training", step.Step.Step + 1 == step.TotalSteps),
            StageEvent work => (work.Stage, work.Done == work.Total),
            _ => ("", true),
        };
        if (stage == _stage && !ends && value.Elapsed - _last < Interval)
            return;
        _last = value.Elapsed;
        _stage = stage;
        output.WriteLine(value is NoticeEvent ? $"kit: {value.Line()}" : value.Line());
    }
}
