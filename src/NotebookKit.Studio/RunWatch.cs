using NotebookKit.Training.Runs;

namespace NotebookKit.Studio;

/// <summary>Hears a training: shows it to the pages, and measures its sample rows as they come.</summary>
internal sealed class RunWatch(StudioView view, RunFolder folder, RunMeasure? measure) : IProgress<TrainEvent>
{
    /// <summary>Called by the training, on its thread.</summary>
    public void Report(TrainEvent value)
    {
        view.Report(value);
        if (value is SamplesEvent drawn && measure?.Along(drawn) is { } scores)
        {
            folder.Measures = folder.Measures.With(scores);
            view.Score(folder.Measures.Along);
        }
    }
}
