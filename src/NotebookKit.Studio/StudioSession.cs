using NotebookKit.Evaluation;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Loss;
using NotebookKit.Training.Memory;
using NotebookKit.Training.Methods;

namespace NotebookKit.Studio;

/// <summary>What the page works on: the base, the training that goes on, and the runs of before.</summary>
/// <param name="source">The base.</param>
/// <param name="runs">The folder of the runs.</param>
/// <param name="photos">The photos that the form begins with.</param>
/// <param name="judge">What judges likeness, made anew for each run; null measures nothing.</param>
internal sealed class StudioSession(string source, string runs, string photos, Func<IPictureEmbedder>? judge) : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _start = new();
    private readonly StudioView _view = new();
    private Task _work = Task.CompletedTask;
    private CancellationTokenSource? _stop;
    private DreamBoothTrainer? _trainer;

    /// <summary>Settings that nobody touched: those of the course.</summary>
    public static TrainOptions Usual { get; } = new()
    {
        Concepts = [new() { InstancePrompt = TrainOptions.FileWords, ClassPrompt = "a photo of a toy", ClassImages = 60 }],
        Method = TrainMethod.LoraExtended,
        Intervals = new() { Epochs = 60 },
        Samples = new() { Every = 10, AtFirst = true, SanityPrompt = "a photo of a red house" },
        Saving = new() { Every = 10, KeepLast = 1 },
    };

    /// <summary>The runs of before.</summary>
    public StudioHistory History { get; } = new(runs);

    /// <summary>The base.</summary>
    public StudioBase Base { get; } = new(source);

    /// <summary>The photos of the form.</summary>
    public StudioPhotos Photos { get; } = new();

    /// <summary>One's own photos.</summary>
    public StudioUploads Uploads { get; } = new(Path.Combine(runs, "photos"));

    /// <summary>The form's settings while nobody touches them.</summary>
    public TrainOptions Options { get; } = Usual with
    {
        Concepts = [Usual.Concepts[0] with { InstanceDir = photos, ClassDir = Path.Combine(runs, "class-images") }],
    };

    /// <summary>What a step took last, or will take about; null while nobody knows.</summary>
    public double? SecondsPerStep => _view.SecondsPerStep ?? Base.SecondsPerStep;

    /// <summary>Grows with every change that the page should show.</summary>
    public long Version => _view.Version;

    /// <summary>Loads the base while the page is looked at.</summary>
    public void Load() => _work = Task.Run(async () =>
    {
        await Base.WaitAsync(_end.Token);
        try
        {
            Base.Load(_end.Token);
            _view.Tell(phase: "idle");
        }
        catch (Exception e) when (IsTold(e))
        {
            _view.Tell(phase: "failed", said: e.Message);
        }
        finally
        {
            Base.Release();
        }
    });

    /// <summary>What has changed since a page last looked.</summary>
    public StudioState State(string run, int points) => _view.Since(run, points);

    /// <summary>Starts a training.</summary>
    /// <returns>The run's name.</returns>
    /// <exception cref="BadInputException">A setting is wrong, or something else goes on.</exception>
    public string Train(IReadOnlyDictionary<string, string[]> form)
    {
        var wrong = new Dictionary<string, string>();
        var options = StudioForm.Read(form, Options, wrong);
        if (wrong.Count > 0)
            throw new BadInputException(wrong.First().Value);
        var name = History.NewName();
        options = options with { Saving = options.Saving with { Output = History.Of(name).OutputOf(options.Method) } };
        options.ForBase(Base.Ready).Validate();
        Begin(name, sd => SampleKinds.Filled(options, sd));
        return name;
    }

    /// <summary>Goes on with a run that was stopped or cut off; one that has no state yet begins anew.</summary>
    public string Resume(string name)
    {
        var continued = History.Of(name).Continued();
        Begin(name, _ => continued);
        return name;
    }

    /// <summary>Holds the training between two steps, or lets it go on.</summary>
    public void Pause(bool on) => _view.Pause(on);

    /// <summary>Ends the training; what was learned is kept.</summary>
    public void Stop()
    {
        lock (_start)
            _stop?.Cancel();
        _view.Pause(false);
    }

    /// <summary>Turns a knob; it counts from the next step on.</summary>
    public void Turn(Knob knob)
    {
        if (_trainer is not { } trainer)
            throw new BadInputException("Nothing trains; start a training, then move its knobs.");
        if (knob.PriorLossWeight is null && knob.RateFactor is null)
            throw new BadInputException("The knob has no number; move it again.");
        if (knob.PriorLossWeight is { } weight)
            trainer.Knobs.TurnPriorLossWeight(weight);
        if (knob.RateFactor is { } factor)
            trainer.Knobs.TurnRate(factor);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        Stop();
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Base.WaitAsync();
        Base.Dispose();
        _stop?.Dispose();
        _end.Dispose();
    }

    private static bool IsTold(Exception e) => e is BadInputException or DivergedException or ShortOfMemoryException
        or OperationCanceledException or IOException or UnauthorizedAccessException;

    // The options are made once the base is taken: nobody else reads with it then.
    private void Begin(string name, Func<StableDiffusion, TrainOptions> optionsFor)
    {
        lock (_start)
        {
            var sd = Base.Take();
            TrainOptions options;
            try
            {
                options = optionsFor(sd);
                _trainer = new DreamBoothTrainer(sd, options);
            }
            catch
            {
                Base.Release();
                throw;
            }

            _stop?.Dispose();
            _stop = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
            var cancel = _stop.Token;
            var folder = History.Of(name);
            _view.Begin(name, options.Loss.PriorLossWeight, options.Turns, folder.Samples().Keys, folder.Measures.Along);
            _work = Task.Factory.StartNew(() => Run(sd, folder, _trainer, cancel), CancellationToken.None, TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
        }
    }

    private void Run(StableDiffusion sd, RunFolder folder, DreamBoothTrainer trainer, CancellationToken cancel)
    {
        var (phase, said) = ("failed", "");
        try
        {
            using var measure = judge is null ? null : new RunMeasure(judge(), trainer.Options);
            var result = trainer.Train(new RunWatch(_view, folder, measure), cancel);
            if (measure is not null && !cancel.IsCancellationRequested && !result.Untouched)
            {
                _view.Tell(phase: "measuring");
                folder.Measures = folder.Measures with { End = measure.End(sd, result, cancel) };
            }

            phase = result.Stopped ? "stopped" : "finished";
        }
        catch (Exception e) when (IsTold(e))
        {
            said = e is OperationCanceledException ? "It was stopped before its first step." : e.Message;
        }
        catch (Exception e) // the server lives on, and the page says what there is to say
        {
            said = $"Something that should not happen: {e.GetType().Name}: {e.Message}";
        }

        try
        {
            _trainer = null;
            if (TrainedBases.Contains(sd))
                Base.Reload(_end.Token);
        }
        catch (Exception e) when (IsTold(e))
        {
            (phase, said) = ("failed", e.Message);
        }
        finally
        {
            Base.Release();
            _view.Tell(phase, said);
        }
    }
}
