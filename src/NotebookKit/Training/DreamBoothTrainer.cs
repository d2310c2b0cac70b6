using NotebookKit.Pipeline;
using NotebookKit.Tensors;
using NotebookKit.Training.Data;
using NotebookKit.Training.Loss;
using NotebookKit.Training.Memory;
using NotebookKit.Training.Runs;
using NotebookKit.Training.Settings;
using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>
/// Teaches a base a subject from a few pictures (DreamBooth, Ruiz et al. 2022). The loop is the same for every method;
/// only what <see cref="TrainMethod"/> thaws differs.
/// </summary>
/// <param name="sd">The base. A LoRA run or a new word leaves it as it was; a full fine-tune leaves it trained.</param>
/// <param name="options">What to learn and how; nulls are filled in by <see cref="TrainOptions.ForBase"/>.</param>
public sealed class DreamBoothTrainer(StableDiffusion sd, TrainOptions options)
{
    /// <summary>What can be turned while it trains.</summary>
    public LiveKnobs Knobs { get; } = new();

    /// <summary>The options that the run uses, every null filled in.</summary>
    public TrainOptions Options { get; } = options.ForBase(sd);

    /// <summary>
    /// Paints the class images that are missing, encodes everything once, trains, and saves. On cancellation what has been
    /// trained is saved all the same, with a checkpoint to go on from.
    /// </summary>
    /// <param name="progress">Told every event; called on this thread.</param>
    /// <param name="cancel">Stops after the current step.</param>
    /// <returns>The output's path, the loss history and the sample grids.</returns>
    /// <exception cref="BadInputException">A setting, folder or picture is unusable; nothing was written.</exception>
    /// <exception cref="DivergedException">The loss became no number.</exception>
    /// <exception cref="ShortOfMemoryException">The memory did not suffice; what was learned is in a checkpoint.</exception>
    public TrainResult Train(IProgress<TrainEvent>? progress = null, CancellationToken cancel = default)
    {
        TrainResult? result = null;
        foreach (var happened in Run(cancel))
        {
            progress?.Report(happened);
            result = (happened as FinishedEvent)?.Result;
        }

        return result!;
    }

    /// <summary>The same as a stream of events, trained on a thread of its own; whoever stops listening stops the run.</summary>
    /// <param name="cancel">Stops after the current step; the last event is then a <see cref="FinishedEvent"/> all the same.</param>
    public IAsyncEnumerable<TrainEvent> TrainAsync(CancellationToken cancel = default) => EventStream.Of(Run, cancel);

    // Whatever ran out of memory where nothing was learned yet is told here.
    private IEnumerable<TrainEvent> Run(CancellationToken cancel)
    {
        using var events = Events(cancel).GetEnumerator();
        while (true)
        {
            try
            {
                if (!events.MoveNext())
                    yield break;
            }
            catch (Exception e) when (e is not ShortOfMemoryException && OutOfMemory.Is(e))
            {
                throw new ShortOfMemoryException(OutOfMemory.Sentence(ModelShape.Of(sd), MemoryPlan.Of(sd, Options), sd.Device), e);
            }

            yield return events.Current;
        }
    }

    private IEnumerable<TrainEvent> Events(CancellationToken cancel)
    {
        Options.Validate();
        Options.ScheduleOver(1).Validate(); // its end against the base's own rate
        var notices = NeedWords.Unused(options, given => given.ForBase(sd))
            .Concat(BaseShape.Of(sd).Check(Options)).Concat(RateNotices.Of(Options, sd))
            .Concat(TrainNotices.Of(Options, sd)).ToList();
        cancel = cancel.CanBeCanceled ? cancel : RunningCell.Cancellation; // a notebook's stop button

        using var ledger = new RunLedger(sd, Options);
        using var data = new TrainData(sd, Options);
        var from = GoingOn(data);
        if (Untouched(ledger, from, notices) is { } untouched)
        {
            foreach (var happened in untouched)
                yield return happened;
            yield break;
        }

        foreach (var (stage, done, total) in data.Prepare(cancel)) // class images painted, all pictures encoded
            yield return ledger.Stage(stage, done, total);
        using var run = new TrainRun(sd, Options, data, ledger, Knobs, [.. notices, .. from?.Notes ?? []], from);
        foreach (var happened in run.Begin())
            yield return happened;

        for (; run.Epoch < Options.EpochsInAll && !cancel.IsCancellationRequested; run.Epoch++)
        {
            run.Weights.BeginEpoch(run.Epoch);
            foreach (var group in data.Epoch(run.Epoch).Skip(run.StepInEpoch)) // the subject's pictures and as many class images
            {
                foreach (var turned in run.Turn())
                    yield return turned;
                yield return run.Made(run.Keeping(run.Epoch, () => Step(run, group)), group.Instances);
                if (cancel.IsCancellationRequested)
                    break;
            }

            if (run.StepInEpoch < data.StepsPerEpoch)
                break; // stopped within the epoch
            run.StepInEpoch = 0;
            foreach (var happened in run.After(run.Epoch + 1, cancel))
                yield return happened;
        }

        foreach (var happened in run.Finish())
            yield return happened;
    }

    // Told before class images are painted for a run that cannot go on.
    private ResumePoint? GoingOn(TrainData data)
    {
        if (!Options.Saving.Resume)
            return null;
        var from = ResumePoint.Find(new RunPlace(Options.OutputPath));
        from.Check(RunCard.Of(sd, Options, data.Pictures, []));
        return from;
    }

    // Where nothing is left to train and the result has come as far as the state; a kill may have come between the two.
    private List<TrainEvent>? Untouched(RunLedger ledger, ResumePoint? from, IReadOnlyList<string> notices)
    {
        var place = new RunPlace(Options.OutputPath);
        if (from is null || from.Position.Epoch < Options.EpochsInAll || RunExtent.Of(place) is not { } there || !there.Covers(from.Extent))
            return null;
        var asked = Options.Method == TrainMethod.Imagic ? Options.EpochsInAll / 2 : Options.EpochsInAll;
        string[] told = [.. from.Notes, $"Nothing is left to train: {Path.GetFileName(place.Output)} has {there.Epochs} epochs "
            + $"({there.Steps} steps) behind it, and {asked} are asked for; it stays as it is. Ask for more epochs to go on."];
        var result = new TrainResult(Options.OutputPath, from.Position.History, [], there.Epochs, ledger.Elapsed.TotalSeconds,
            MemoryUse.PeakBytes(sd.Device), Stopped: false, [.. notices, .. told])
        { Untouched = true, Checkpoint = from.Path, Card = place.Card };
        return [.. told.Select(sentence => ledger.Tell(new NoticeEvent(sentence))),
            ledger.Tell(new FinishedEvent(Options.OutputPath, false) { Result = result })];
    }

    private StepRecord Step(TrainRun run, StepSamples group)
    {
        using var thread = sd.UNet.Config.IsMiniature && sd.Device.type == TorchSharp.DeviceType.CPU ? Threads.One() : null;
        foreach (var batch in group.Batches)
        {
            using var scope = NewDisposeScope();
            run.Step.Accumulate(run.Load(batch), group.Instances, group.Classes); // forward and backward
        }

        return run.Step.Update(run.Epoch + 1);
    }
}
