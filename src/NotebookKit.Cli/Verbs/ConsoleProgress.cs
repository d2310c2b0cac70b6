using NotebookKit.Training;

namespace NotebookKit.Cli.Verbs;

/// <summary>Tells a run's progress as lines of text: often enough to be watched, seldom enough for a log.</summary>
/// <param name="output">Standard error, so that standard output stays for the result.</param>
internal sealed class ConsoleProgress(TextWriter output) : IProgress<TrainProgress>
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private TimeSpan _last = -Interval;
    private string _stage = "";

    /// <inheritdoc/>
    public void Report(TrainProgress value)
    {
        if (value.Samples is { } samples)
        {
            output.WriteLine($"samples after epoch {samples.Epoch}: {samples.Path}");
            return;
        }

        if (value.Stage == _stage && value.Step < value.TotalSteps && value.Elapsed - _last < Interval)
            return;
        _last = value.Elapsed;
        _stage = value.Stage;
        output.WriteLine(value.Line());
    }
}
