using System.Diagnostics;
using NotebookKit.Pipeline;
using NotebookKit.Training.Loss;

namespace NotebookKit.Training.Runs;

/// <summary>Keeps a run's books: what every step measured, smoothed losses, pace and time left; and writes the log.</summary>
internal sealed class RunLedger : IDisposable
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly StableDiffusion _sd;
    private readonly TrainOptions _options;
    private readonly List<StepRecord> _history = [];
    private readonly SmoothedLoss[] _smoothed = [.. Enumerable.Range(0, 6).Select(_ => new SmoothedLoss())];
    private readonly List<TrainEvent> _early = []; // before the log could be opened
    private TrainLog? _log;
    private string _stage = "";
    private TimeSpan _stageBegan;
    private TimeSpan? _lastStep;
    private double? _pace;

    /// <summary>Starts the clock.</summary>
    public RunLedger(StableDiffusion sd, TrainOptions options) => (_sd, _options) = (sd, options);

    /// <summary>Every optimizer step so far.</summary>
    public IReadOnlyList<StepRecord> History => _history;

    /// <summary>Since the run began.</summary>
    public TimeSpan Elapsed => _clock.Elapsed;

    /// <summary>The text part's rate for a UNet rate of the schedule; null where no text part is trained.</summary>
    public double? TextShare { get; set; }

    /// <summary>Takes over what a run had measured before it goes on, and opens the log.</summary>
    public void Open(RunPosition position)
    {
        foreach (var record in position.History)
            Remember(record);
        _log = new TrainLog(TrainLog.PathFor(_options.OutputPath), position.Step);
        _history.AddRange(position.History);
        _early.ForEach(_log.Write);
        _early.Clear();
    }

    /// <summary>Work before the training.</summary>
    public StageEvent Stage(string stage, int done, int total)
    {
        if (stage != _stage)
            (_stage, _stageBegan) = (stage, _clock.Elapsed);
        // The first unit warms caches up, so the pace is measured from there on.
        return Tell(new StageEvent(stage, done, total, done > 1 ? (_clock.Elapsed - _stageBegan) / (done - 1) * (total - done) : null));
    }

    /// <summary>An optimizer step.</summary>
    public StepEvent Step(StepRecord record, int pictures, int totalSteps)
    {
        record = record with
        {
            PicturesSeen = (_history.Count > 0 ? _history[^1].PicturesSeen : 0) + pictures,
            TextLearningRate = TextShare * record.LearningRate,
        };
        _history.Add(record);
        Remember(record);
        var now = _clock.Elapsed;
        if (_lastStep is { } last)
            _pace = _pace is { } pace ? (0.9 * pace) + (0.1 * (now - last).TotalSeconds) : (now - last).TotalSeconds;
        _lastStep = now;
        return Tell(new StepEvent(record, totalSteps, _options.EpochsInAll)
        {
            SmoothedInstanceLoss = Smoothed(0)!.Value,
            SmoothedPriorLoss = Smoothed(1),
            SmoothedBands = new BandLosses(Smoothed(2), Smoothed(3), Smoothed(4), Smoothed(5)),
            SecondsPerStep = _pace ?? 0,
            PeakBytes = MemoryUse.PeakBytes(_sd.Device),
            Remaining = _pace is { } seconds ? TimeSpan.FromSeconds(seconds * (totalSteps - record.Step - 1)) : null,
            History = _history,
        });
    }

    /// <summary>Something else happened; what it took does not count as a step's time.</summary>
    public T Tell<T>(T happened)
        where T : TrainEvent
    {
        happened = happened with { Elapsed = _clock.Elapsed };
        if (_log is null)
            _early.Add(happened);
        else
            _log.Write(happened);
        if (happened is not StepEvent)
            _lastStep = null;
        return happened;
    }

    /// <inheritdoc/>
    public void Dispose() => _log?.Dispose();

    private void Remember(StepRecord record)
    {
        double?[] values = [record.InstanceLoss, record.PriorLoss, record.Bands.Low, record.Bands.MidLow, record.Bands.MidHigh,
            record.Bands.High];
        foreach (var (smoothed, value) in _smoothed.Zip(values))
            smoothed.Add(value);
    }

    private double? Smoothed(int i) => _smoothed[i].Value;
}
