using NotebookKit.Lora.Tools;
using NotebookKit.Training.Loss;
using NotebookKit.Pipeline;
using NotebookKit.Training.Data;
using NotebookKit.Training.Memory;
using NotebookKit.Training.Methods;
using NotebookKit.Training.Optimizers;
using NotebookKit.Training.Runs;
using NotebookKit.Training.Settings;
using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>A run's parts, made in the order in which they need each other, and where the run is.</summary>
internal sealed class TrainRun : IDisposable
{
    private readonly StableDiffusion _sd;
    private readonly TrainOptions _options;
    private readonly List<string> _notices;
    private readonly TrainOptimizer _optimizer;
    private readonly GradScaler? _scaler;
    private readonly BatchLoader _loader;
    private readonly EmaWeights? _ema;
    private readonly HeldOutLoss _heldOut;
    private readonly SampleGrids _samples;
    private readonly RunCheckpoint _checkpoints;
    private readonly RunCard _card;
    private readonly RunPlace _place;
    private readonly EarlierRun _earlier;
    private readonly ResumePoint? _from;
    private readonly LiveKnobs _knobs;
    private readonly List<KnobTurn> _turns; // made or planned
    private RunPosition _start = new();
    private EncodersAside? _aside;

    /// <summary>Makes the parts; the data must have been prepared.</summary>
    public TrainRun(StableDiffusion sd, TrainOptions options, TrainData data, RunLedger ledger, LiveKnobs knobs,
        IEnumerable<string> notices, ResumePoint? from)
    {
        (_sd, _options, Data, Ledger, _from) = (sd, options, data, ledger, from);
        (_knobs, _turns) = (knobs, [.. options.Turns]);
        _place = new RunPlace(options.OutputPath);
        _earlier = new EarlierRun(_place, sd.Folder);
        try
        {
            Weights = TrainedWeights.Create(sd, options);
            _optimizer = Weights.Optimizer();
            _scaler = sd.UNet.parameters().First().dtype == ScalarType.Float16 ? new GradScaler() : null;
            _ema = options.Learning.EmaDecay is { } decay && decay > 0 ? new EmaWeights(_optimizer.Groups, decay) : null;
            _loader = new BatchLoader(sd, options, data, Weights);
            _heldOut = new HeldOutLoss(sd, options);
            TotalSteps = options.EpochsInAll * data.StepsPerEpoch;
            var schedule = options.ScheduleOver(TotalSteps);
            Step = new TrainStep(sd.UNet, sd.SchedulerConfig, _optimizer, schedule, options) { Scaler = _scaler };
            _notices = [.. notices, .. data.Notices, .. schedule.Warnings()];
            _samples = new SampleGrids(sd, options);
            _checkpoints = new RunCheckpoint(options, Weights, _optimizer, _scaler, _ema);
            _card = RunCard.Of(sd, options, data.Pictures, data.ClassFiles);
        }
        catch
        {
            Dispose(); // the base is left as it was
            throw;
        }
    }

    /// <summary>What is trained on.</summary>
    public TrainData Data { get; }

    /// <summary>What is trained.</summary>
    public TrainedWeights Weights { get; }

    /// <summary>The step.</summary>
    public TrainStep Step { get; }

    /// <summary>What is told, and where the history stands.</summary>
    public RunLedger Ledger { get; }

    /// <summary>Optimizer steps of the whole run.</summary>
    public int TotalSteps { get; }

    /// <summary>Whole epochs that were made.</summary>
    public int Epoch { get; set; }

    /// <summary>Steps of the next epoch that were made already.</summary>
    public int StepInEpoch { get; set; }

    /// <summary>Puts back what the newest checkpoint has, where the run goes on, and tells what is to be told before the first
    /// step.</summary>
    public IEnumerable<TrainEvent> Begin()
    {
        _from?.CheckClasses(_card);
        if (_from is not null)
            _checkpoints.Read(_from);
        _start = (_from?.Position ?? new RunPosition()) with
        {
            Settings = _card.Fixed(),
            Pictures = _card.Pictures,
            ClassPictures = _card.ClassPictures,
            Masks = _card.Masks,
            Prompts = _card.Prompts,
        };
        if (_from is null && _earlier.SetAside() is { } aside)
            _notices.Add(aside);
        if (!Path.Exists(_place.Output)) // else the card that is there belongs to it
            _card.Write(_place.Card);
        // A turn after the newest checkpoint is made again: it was written down before its step.
        if (_from is not null)
            _turns.AddRange(TrainLog.TurnsIn(_place.Log).Except(_turns).ToList());
        (Epoch, StepInEpoch, Step.Step) = (_start.Epoch, _start.StepInEpoch, _start.Step);
        Ledger.Open(_start);
        Ledger.TextShare = Weights.TextLearns(0) ? _options.Learning.TextRate / _options.MainLearningRate : null;
        foreach (var sentence in _notices)
            yield return Ledger.Tell(new NoticeEvent(sentence));
        if (_start.Step == 0 && _samples.AreDue(0))
            yield return Ledger.Tell(_samples.Draw(0));
        _aside = PutAside();
        if (_start.Step == 0 && _heldOut.IsDue(0))
            yield return Ledger.Tell(new HeldOutEvent(_heldOut.Measure(0, Weights)));
        _sd.UNet.GradientCheckpointing = _sd.TextEncoder.GradientCheckpointing = _options.Memory.GradientCheckpointing;
    }

    /// <summary>Sets what may be turned for the step that comes next, and tells what is turned with it.</summary>
    public IEnumerable<TrainEvent> Turn()
    {
        if (_knobs.Take(Step.Step) is { } live)
            _turns.Add(live);

        var made = Turns.Where(turn => turn.Step <= Step.Step).ToList();
        Step.PriorLossWeight = made.LastOrDefault(turn => turn.PriorLossWeight is not null)?.PriorLossWeight
            ?? _options.PriorLossWeightAt(Epoch);
        Step.RateFactor = made.LastOrDefault(turn => turn.RateFactor is not null)?.RateFactor ?? 1;
        return made.Where(turn => turn.Step == Step.Step).Select(turn => Ledger.Tell(new TurnEvent(turn)));
    }

    /// <summary>A batch on the base's device.</summary>
    public TrainBatch Load(IReadOnlyList<TrainSample> batch) => _loader.Load(batch);

    /// <summary>Counts a step that was made.</summary>
    public TrainEvent Made(StepRecord record, int instances)
    {
        _ema?.Update();
        StepInEpoch++;
        return Ledger.Step(record, instances, TotalSteps);
    }

    /// <summary>What belongs after an epoch, counted from 1: samples, held-out losses, a checkpoint.</summary>
    public IEnumerable<TrainEvent> After(int epochs, CancellationToken cancel)
    {
        Keeping(epochs, Sound);
        if (_samples.AreDue(epochs) && !cancel.IsCancellationRequested)
            yield return Ledger.Tell(Keeping(epochs, () => Averaged(() => _samples.Draw(epochs), whole: true)));
        if (_heldOut.IsDue(epochs))
            yield return Ledger.Tell(new HeldOutEvent(Keeping(epochs, () => Averaged(() => _heldOut.Measure(epochs, Weights)))));
        if (_checkpoints.IsDue(epochs))
            yield return Ledger.Tell(Checkpoint(epochs, withResult: true));
    }

    /// <summary>Saves the result, and before it the state to go on from.</summary>
    public IEnumerable<TrainEvent> Finish()
    {
        var stopped = Ledger.History.Count < TotalSteps;
        Keeping(Epoch, () => Averaged(Predicts, whole: true));
        if (_checkpoints.Latest is not { } latest || RunStates.StepOf(latest) != Ledger.History.Count)
            yield return Ledger.Tell(Keeping(Epoch, () => Checkpoint(Epoch, withResult: stopped)));
        if (_earlier.Keep(new RunExtent(Ledger.History.Count, Epoch)) is { } kept)
        {
            _notices.Add(kept);
            yield return Ledger.Tell(new NoticeEvent(kept));
        }

        Keeping(Epoch, () => Averaged(Save, whole: true));
        if (_heldOut.Verdict() is { } verdict)
            yield return Ledger.Tell(new NoticeEvent(verdict));
        if (RateNotices.OfResult(Weights.Proof, Ledger.History, _options) is { } finding)
        {
            _notices.Add(finding);
            yield return Ledger.Tell(new NoticeEvent(finding));
        }

        var result = new TrainResult(
            _options.OutputPath, Ledger.History, _samples.Drawn, StepInEpoch > 0 ? Epoch + 1 : Epoch, Ledger.Elapsed.TotalSeconds,
            MemoryUse.PeakBytes(_sd.Device), stopped, _notices)
        {
            HeldOut = _heldOut.Records,
            Proof = Weights.Proof,
            Checkpoint = _checkpoints.Latest,
            Card = _place.Card,
        };
        yield return Ledger.Tell(new FinishedEvent(_options.OutputPath, stopped) { Result = result });
    }

    /// <summary>Does work that may diverge or run out of memory: what was learned until then is kept.</summary>
    /// <param name="epochs">Whole epochs that a checkpoint would hold.</param>
    /// <param name="work">The work.</param>
    public T Keeping<T>(int epochs, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (DivergedException e)
        {
            throw e.With(_checkpoints.Latest);
        }
        catch (NotFiniteException)
        {
            throw new DivergedException(Ledger.History.Count, epochs, "weights", _checkpoints.Latest);
        }
        catch (Exception e) when (OutOfMemory.Is(e))
        {
            _optimizer.ZeroGradient();
            var kept = Ledger.History.Count > _start.Step ? Rescue(epochs) : _checkpoints.Latest;
            throw new ShortOfMemoryException(OutOfMemory.Sentence(ModelShape.Of(_sd), MemoryPlan.Of(_sd, _options), _sd.Device, kept), e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _aside?.Dispose();
        Step?.Dispose();
        _heldOut?.Dispose();
        _loader?.Dispose();
        _ema?.Dispose();
        _optimizer?.Dispose();
        Weights?.Dispose();
    }

    private IReadOnlyList<KnobTurn> Turns => [.. _turns.OrderBy(turn => turn.Step)]; // stable: the later of one step last

    private CheckpointEvent Checkpoint(int epochs, bool withResult)
    {
        var position = _start with
        {
            Step = Ledger.History.Count,
            Epoch = epochs,
            StepInEpoch = StepInEpoch,
            History = Ledger.History
        };
        using var back = _aside?.Return();
        return new CheckpointEvent(_checkpoints.Write(position, withResult ? Notes() : null), epochs, position.Step);
    }

    private string? Rescue(int epochs)
    {
        try
        {
            return Checkpoint(epochs, withResult: true).Path;
        }
        catch (Exception e) when (OutOfMemory.Is(e))
        {
            return _checkpoints.Latest; // its state is written before its result
        }
    }

    // What the next step would find: its loss would be no number. Neither a checkpoint nor a result is written of that.
    private bool Sound() => Weights.AreFinite() ? true : throw new DivergedException(Ledger.History.Count, Epoch + 1, "weights");

    private bool Predicts() => Sound() && (Ledger.History.Count == 0 || LoraProof.Predicts(_sd)) ? true
        : throw new DivergedException(Ledger.History.Count, Epoch, "weights");

    private string Save()
    {
        File.Delete(_place.Card); // so that no card ever tells of another result
        Weights.Save(_options.OutputPath, Notes());
        (_card with { Settings = _options with { Turns = Turns }, Steps = Ledger.History.Count, Epochs = Epoch }).Write(_place.Card);
        _earlier.Forget();
        return _options.OutputPath;
    }

    // With the averaged weights in place, and with whatever was put aside where it is needed.
    private T Averaged<T>(Func<T> work, bool whole = false)
    {
        using var back = whole ? _aside?.Return() : null;
        using var average = _ema?.Swap();
        return work();
    }

    private Dictionary<string, string> Notes() => RunNotes.Of(_sd, _options, Ledger.History, Epoch, Data);

    // Everything that the encoders will be asked for is asked for before they go.
    private EncodersAside? PutAside()
    {
        var plan = MemoryPlan.Of(_sd, _options);
        if (!_options.Memory.FreeEncoders || !plan.EncodersCanGo)
            return null;
        var textEncoder = !plan.TextLearns && !_options.Images.ShuffleCaptions;
        _heldOut.Prepare();
        if (textEncoder && _options.Method != TrainMethod.Imagic) // whose states are its own
            Weights.PrepareTextStates(Data.Prompts.Concat(_heldOut.Prompts));
        return new EncodersAside(_sd, _checkpoints.EncodersFile, vae: !_options.Images.RandomCrop, textEncoder);
    }
}
