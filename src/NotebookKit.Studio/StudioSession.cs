using NotebookKit.Evaluation;
using NotebookKit.Images;
using NotebookKit.Lora;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Runs;

namespace NotebookKit.Studio;

/// <summary>What the page works on: the base, the training that goes on, and the runs of before. One thing is done at a time.</summary>
internal sealed class StudioSession(string @base, string runs, string photos, string? probe) : IAsyncDisposable
{
    private readonly SemaphoreSlim _model = new(1); // whoever has the model
    private readonly CancellationTokenSource _end = new();
    private Task _work = Task.CompletedTask;
    private CancellationTokenSource? _stop;
    private DreamBoothTrainer? _trainer;
    private StudioView _view = new();

    /// <summary>The runs of before.</summary>
    public StudioHistory History { get; } = new(runs);

    /// <summary>The base; null while it is loaded.</summary>
    public StableDiffusion? Model { get; private set; }

    /// <summary>Settings that nobody touched: those of the course, and what suits the base once it is loaded.</summary>
    public TrainOptions Options { get; private set; } = Usual;

    /// <summary>The photos of the form that was checked last.</summary>
    public IReadOnlyList<string> Photos { get; set; } = [];

    /// <summary>What a step took last; null before any was made.</summary>
    public double? SecondsPerStep => _view.SecondsPerStep;

    /// <summary>Grows with every change that the page should show.</summary>
    public long Version => _view.Version;

    private static TrainOptions Usual => new()
    {
        Concepts = [new() { InstancePrompt = TrainOptions.FileWords, ClassPrompt = "a photo of a rabbit toy", ClassImages = 60 }],
        Method = TrainMethod.LoraExtended,
        Intervals = new() { Epochs = 60 },
        Samples = new() { Every = 10, AtFirst = true, SanityPrompt = "a photo of a bear toy" },
    };

    /// <summary>Loads the base while the page is looked at.</summary>
    public void Load() => _ = Task.Run(async () =>
    {
        await _model.WaitAsync(_end.Token);
        try
        {
            var sd = StableDiffusion.Load(@base, cancel: _end.Token);
            var concept = Usual.Concepts[0] with { InstanceDir = photos, ClassDir = Path.Combine(runs, "class-images") };
            Options = (Usual with { Concepts = [concept] }).ForBase(sd);
            Model = sd; // whoever sees it sees its settings
            _view.Tell(phase: "idle");
        }
        catch (BadInputException e)
        {
            _view.Tell(phase: "failed", said: e.Message);
        }
        finally
        {
            _model.Release();
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
        options = options with { Saving = options.Saving with { Output = History.OutputOf(name), Every = 10, KeepLast = 1 } };
        options.ForBase(Ready()).Validate();
        Begin(name, options);
        return name;
    }

    /// <summary>Goes on with a run that was stopped or cut off.</summary>
    public string Resume(string name)
    {
        var options = History.CardOf(name).Settings;
        // A run that was cut off has its turns in its log, one that was saved in its card.
        options = options with { Turns = [.. options.Turns.Union(History.TurnsOf(name))] };
        Begin(name, options with { Saving = options.Saving with { Resume = true, Output = History.OutputOf(name) } });
        return name;
    }

    /// <summary>Holds the training between two steps, or lets it go on.</summary>
    public void Pause(bool on) => _view.Pause(on);

    /// <summary>Ends the training; what was learned is kept.</summary>
    public void Stop()
    {
        _stop?.Cancel();
        _view.Pause(false);
    }

    /// <summary>Turns a knob; it counts from the next step on.</summary>
    public void Turn(Knob knob)
    {
        if (_trainer is not { } trainer)
            throw new BadInputException("Nothing trains; start a training, then move its knobs.");
        if (knob.PriorLossWeight is { } weight)
            trainer.Knobs.TurnPriorLossWeight(weight);
        if (knob.RateFactor is { } factor)
            trainer.Knobs.TurnRate(factor);
    }

    /// <summary>A photo of the form, as it is trained: small, for a page.</summary>
    public byte[]? Photo(int index) => index >= 0 && index < Photos.Count ? RgbImage.Load(Photos[index]).Cover(128, 128).ToPng() : null;

    /// <summary>Draws a picture with a run's LoRA.</summary>
    public async Task<byte[]> DrawAsync(PictureAsked asked, CancellationToken cancel)
    {
        var sd = Ready();
        if (!await _model.WaitAsync(0, cancel))
            throw new BadInputException("The model is training; stop it, or wait until it is done, then draw.");
        try
        {
            return await Task.Run(() => Draw(sd, asked, cancel), cancel);
        }
        finally
        {
            _model.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        Stop();
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _model.WaitAsync();
        Model?.Dispose();
        _end.Dispose();
        _model.Dispose();
    }

    private StableDiffusion Ready() => Model ?? throw new BadInputException("The base is still being loaded; wait a moment.");

    private void Begin(string name, TrainOptions options)
    {
        var sd = Ready();
        if (!_model.Wait(0))
            throw new BadInputException("Something else uses the model; stop it, or wait until it is done.");
        _stop?.Dispose();
        _stop = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        _trainer = new DreamBoothTrainer(sd, options);
        _view.Begin(name, options.Turns);
        _work = Task.Factory.StartNew(() => Run(sd, name, _stop.Token), TaskCreationOptions.LongRunning);
    }

    private void Run(StableDiffusion sd, string name, CancellationToken cancel)
    {
        try
        {
            var result = _trainer!.Train(_view, cancel);
            if (!result.Stopped)
                Measure(sd, name, result, cancel);
            _view.Tell(phase: result.Stopped ? "stopped" : "finished");
        }
        catch (Exception e) when (e is BadInputException or Training.Loss.DivergedException or Training.Memory.ShortOfMemoryException
            or OperationCanceledException or IOException)
        {
            _view.Tell(phase: "failed", said: e.Message);
        }
        finally
        {
            _trainer = null;
            _model.Release();
        }
    }

    // Fidelity, PRES and diversity of the result, by the probe.
    private void Measure(StableDiffusion sd, string name, TrainResult result, CancellationToken cancel)
    {
        if (probe is null || RunCard.Read(result.Card!).Settings is not { Method: TrainMethod.Lora or TrainMethod.LoraExtended } options)
            return;
        _view.Tell(phase: "measuring");
        using var judge = Probe.Load(probe);
        var subject = TrainingPicture.Read(options.Concepts[0]).ToList();
        var measure = new AdaptationMeasure(judge, [.. subject.Select(picture => RgbImage.Load(picture.Path))],
            [.. subject.Select(picture => picture.Prompt).Distinct()], options.Concepts[0].ClassPrompt ?? "a photo of a toy");
        using var network = LoraNetwork.Load(result.Output, sd);
        var scores = measure.Of(sd, cancel);
        History.WriteScores(name, new RunScores(scores.Fidelity / (measure.PhotosAmongThemselves ?? 1), scores.Pres));
    }

    private byte[] Draw(StableDiffusion sd, PictureAsked asked, CancellationToken cancel)
    {
        using var network = asked.Run is { Length: > 0 } run ? LoraNetwork.Load(History.OutputOf(run), sd, asked.Strength) : null;
        var options = new SampleOptions
        {
            Prompt = asked.Prompt,
            NegativePrompt = asked.NegativePrompt,
            GuidanceScale = asked.Guidance,
            Steps = asked.Steps,
            Seed = asked.Seed,
            Scheduler = asked.Sampler,
            Count = Math.Clamp(asked.Count, 1, 8),
        };
        var pictures = sd.Sample(options, cancel: cancel);
        return ImageGrid.Render(pictures, pictures.Count, cell: 192).ToPng();
    }
}
