using NotebookKit.Training.Runs;
using NotebookKit.Training.Settings;

namespace NotebookKit.Studio;

/// <summary>What pages see of a training: its events, kept so that a page that opens later sees them too.</summary>
internal sealed class StudioView : IProgress<TrainEvent>
{
    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim _go = new(true);
    private readonly List<double?[]> _points = [];
    private readonly List<KnobTurn> _turns = [];
    private readonly List<string> _notes = [];
    private readonly SortedSet<int> _samples = [];
    private IReadOnlyList<RunScores> _scores = [];
    private string? _run;
    private string _phase = "loading";
    private string _said = "";
    private int _steps;
    private double? _remaining;
    private double? _weight;

    /// <summary>Grows with every change.</summary>
    public long Version { get; private set; }

    /// <summary>What a step took last.</summary>
    public double? SecondsPerStep { get; private set; }

    /// <summary>A new training: what was seen of the last one is forgotten.</summary>
    /// <param name="run">Its name.</param>
    /// <param name="weight">The prior loss weight that it began with.</param>
    /// <param name="turns">Turns of its knobs that were made before, where it goes on.</param>
    /// <param name="samples">Epochs after which it drew samples before.</param>
    /// <param name="scores">What was measured of it before.</param>
    public void Begin(string run, double weight, IEnumerable<KnobTurn> turns, IEnumerable<int> samples, IReadOnlyList<RunScores> scores)
    {
        lock (_gate)
        {
            _points.Clear();
            _turns.Clear();
            _turns.AddRange(turns);
            _notes.Clear();
            _samples.Clear();
            _samples.UnionWith(samples);
            (_scores, _weight) = (scores, weight);
            (_run, _phase, _said, _steps, _remaining) = (run, "preparing", "", 0, null);
            Version++;
        }

        _go.Set();
    }

    /// <summary>Says what goes on.</summary>
    public void Tell(string phase, string said = "")
    {
        lock (_gate)
        {
            (_phase, _said, _remaining) = (phase, said, null);
            Version++;
        }
    }

    /// <summary>Shows what was measured on the way.</summary>
    public void Score(IReadOnlyList<RunScores> scores)
    {
        lock (_gate)
        {
            _scores = scores;
            Version++;
        }
    }

    /// <summary>Holds the training at its next event, or lets it go on.</summary>
    public void Pause(bool on)
    {
        lock (_gate)
        {
            if (_phase is not ("training" or "paused"))
                return;
            _phase = on ? "paused" : "training";
            Version++;
        }

        if (on)
            _go.Reset();
        else
            _go.Set();
    }

    /// <summary>Called by the training, on its thread.</summary>
    public void Report(TrainEvent value)
    {
        lock (_gate)
        {
            Take(value);
            Version++;
        }

        _go.Wait();
    }

    /// <summary>What is new for a page that has seen a number of points of a run.</summary>
    public StudioState Since(string run, int points)
    {
        lock (_gate)
        {
            var from = run == _run ? Math.Min(points, _points.Count) : 0;
            return new StudioState(Version, _run, _phase, _said, _steps, _remaining, from, [.. _points.Skip(from)], [.. _turns],
                [.. _notes], [.. _samples], _scores, _weight);
        }
    }

    private void Take(TrainEvent value)
    {
        switch (value)
        {
            case StageEvent stage:
                (_phase, _said) = ("preparing", stage.Line());
                break;
            case NoticeEvent notice:
                _notes.Add(notice.Sentence);
                break;
            case TurnEvent turned:
                if (!_turns.Contains(turned.Turn))
                    _turns.Add(turned.Turn);
                break;
            case SamplesEvent drawn:
                _samples.Add(drawn.Samples.Epoch);
                break;
            case StepEvent made:
                if (_points.Count == 0) // a run that goes on
                    AddBefore(made);
                _points.Add(Point(made.Step, made.SmoothedInstanceLoss, made.SmoothedPriorLoss));
                (_phase, _said, _steps) = (_phase == "paused" ? "paused" : "training", made.Line(), made.TotalSteps);
                (_remaining, SecondsPerStep) = (made.Remaining?.TotalSeconds, made.SecondsPerStep);
                break;
        }
    }

    // Smoothed as the steps themselves are told.
    private void AddBefore(StepEvent made)
    {
        var (subject, ofClass) = (new SmoothedLoss(), new SmoothedLoss());
        foreach (var step in made.History.Take(made.Step.Step))
        {
            subject.Add(step.InstanceLoss);
            ofClass.Add(step.PriorLoss);
            _points.Add(Point(step, subject.Value!.Value, ofClass.Value));
        }
    }

    private static double?[] Point(Training.StepRecord step, double subject, double? ofClass) =>
        [step.Step, subject, ofClass, step.GradNorm, step.LearningRate];
}

/// <summary>What a page is sent: where the training is, and the points that it has not seen.</summary>
/// <param name="Version">Grows with every change.</param>
/// <param name="Run">The run's name; null before the first.</param>
/// <param name="Phase">loading, idle, preparing, training, paused, measuring, stopped, finished or failed.</param>
/// <param name="Said">A line about it.</param>
/// <param name="Steps">Steps of the whole run.</param>
/// <param name="Remaining">Seconds left; null while unknown.</param>
/// <param name="From">Which point the first one is.</param>
/// <param name="Points">Step, loss of subject and class, gradient norm and learning rate of each step.</param>
/// <param name="Turns">The knobs' turns.</param>
/// <param name="Notes">What will surprise.</param>
/// <param name="Samples">Epochs after which samples were drawn.</param>
/// <param name="Scores">What was measured by them.</param>
/// <param name="Weight">The prior loss weight that the run began with; null before the first.</param>
internal sealed record StudioState(long Version, string? Run, string Phase, string Said, int Steps, double? Remaining, int From,
    IReadOnlyList<double?[]> Points, IReadOnlyList<KnobTurn> Turns, IReadOnlyList<string> Notes, IReadOnlyList<int> Samples,
    IReadOnlyList<RunScores> Scores, double? Weight);
