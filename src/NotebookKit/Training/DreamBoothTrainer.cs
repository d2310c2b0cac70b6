using NotebookKit.Pipeline;
using NotebookKit.Tensors;
using NotebookKit.Training.Data;
using NotebookKit.Training.Loss;
using NotebookKit.Training.Memory;
using NotebookKit.Training.Methods;
using NotebookKit.Training.Optimizers;
using NotebookKit.Training.Runs;
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

    private MemoryPlan Plan => MemoryPlan.Of(Options, sd.UNet.parameters().First().dtype, sd.Device.type != TorchSharp.DeviceType.CPU);

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
                throw new ShortOfMemoryException(OutOfMemory.Sentence(ModelShape.Of(sd), Plan, sd.Device), e);
            }

            yield return events.Current;
        }
    }

    private IEnumerable<TrainEvent> Events(CancellationToken cancel)
    {
        Options.Validate();
        Options.ScheduleOver(1).Validate(); // its end against the base's own rate
        var notices = BaseShape.Of(sd).Check(Options).Concat(TrainNotices.Of(Options, sd)).ToList();
        cancel = cancel.CanBeCanceled ? cancel : RunningCell.Cancellation; // a notebook's stop button
        using var ledger = new RunLedger(sd, Options);
        using var data = new TrainData(sd, Options);
        foreach (var (stage, done, total) in data.Prepare(cancel))
            yield return ledger.Stage(stage, done, total);

        using var weights = TrainedWeights.Create(sd, Options);
        using var optimizer = weights.Optimizer();
        var scaler = sd.UNet.parameters().First().dtype == ScalarType.Float16 ? new GradScaler() : null;
        using var ema = Options.EmaDecay is { } decay && decay > 0 ? new EmaWeights(optimizer.Groups, decay) : null;
        using var loader = new BatchLoader(sd, Options, data, weights);
        using var heldOut = new HeldOutLoss(sd, Options);
        var totalSteps = Options.EpochsInAll * data.StepsPerEpoch;
        var schedule = Options.ScheduleOver(totalSteps);
        using var step = new TrainStep(sd.UNet, sd.SchedulerConfig, optimizer, schedule, Options) { Scaler = scaler };
        var samples = new SampleGrids(sd, Options);
        var checkpoints = new RunCheckpoint(Options, weights, optimizer, scaler, ema);
        var card = RunCard.Of(sd, Options, data.Pictures.Select(picture => picture.Path), data.ClassFiles);
        card.Write(RunCard.PathFor(Options.OutputPath));

        var start = Options.Resume ? checkpoints.Read(card.Fixed()) : new RunPosition { Settings = card.Fixed() };
        ledger.Open(start);
        ledger.TextShare = weights.Text.Count > 0 ? Options.TextLearningRate / Options.MainLearningRate : null;
        step.Step = start.Step;
        foreach (var sentence in notices.Concat(schedule.Warnings()))
            yield return ledger.Tell(new NoticeEvent(sentence));
        if (start.Step == 0 && samples.AreDue(0))
            yield return ledger.Tell(new SamplesEvent(samples.Draw(0)));
        using var aside = PutAside(weights, data, heldOut, checkpoints.EncodersFile);
        if (start.Step == 0 && heldOut.IsDue(0))
            yield return ledger.Tell(new HeldOutEvent(heldOut.Measure(0, weights)));

        var (epoch, stepInEpoch) = (start.Epoch, start.StepInEpoch);
        sd.UNet.GradientCheckpointing = sd.TextEncoder.GradientCheckpointing = Options.GradientCheckpointing;
        for (; epoch < Options.EpochsInAll && !cancel.IsCancellationRequested; epoch++)
        {
            weights.BeginEpoch(epoch);
            step.PriorLossWeight = Options.PriorLossWeightAt(epoch);
            foreach (var group in data.Epoch(epoch).Skip(stepInEpoch))
            {
                var record = Saving(epoch, () => Step(group));
                ema?.Update();
                stepInEpoch++;
                yield return ledger.Step(record, group.Instances, totalSteps);
                if (cancel.IsCancellationRequested)
                    break;
            }

            if (stepInEpoch < data.StepsPerEpoch)
                break; // stopped within the epoch
            stepInEpoch = 0;
            if (samples.AreDue(epoch + 1) && !cancel.IsCancellationRequested)
                yield return ledger.Tell(new SamplesEvent(Saving(epoch + 1, () => Averaged(() => samples.Draw(epoch + 1), whole: true))));
            if (heldOut.IsDue(epoch + 1))
                yield return ledger.Tell(new HeldOutEvent(Saving(epoch + 1, () => Averaged(() => heldOut.Measure(epoch + 1, weights)))));
            if (checkpoints.IsDue(epoch + 1))
                yield return ledger.Tell(Checkpoint(epoch + 1));
        }

        var stopped = ledger.History.Count < totalSteps;
        if (stopped)
            yield return ledger.Tell(Checkpoint(epoch));
        Saving(epoch, () => Averaged(Save, whole: true));
        if (heldOut.Verdict() is { } verdict)
            yield return ledger.Tell(new NoticeEvent(verdict));
        yield return ledger.Tell(new FinishedEvent(Options.OutputPath, stopped)
        {
            Result = new TrainResult(
                Options.OutputPath, ledger.History, samples.Drawn, stepInEpoch > 0 ? epoch + 1 : epoch, ledger.Elapsed.TotalSeconds, MemoryUse.PeakBytes(sd.Device), stopped, [.. notices, .. schedule.Warnings()])
            {
                HeldOut = heldOut.Records,
                Proof = weights.Proof,
                Checkpoint = checkpoints.Latest,
                Card = RunCard.PathFor(Options.OutputPath),
            },
        });

        StepRecord Step(StepSamples group)
        {
            using var thread = sd.UNet.Config.IsMiniature && sd.Device.type == TorchSharp.DeviceType.CPU ? Threads.One() : null;
            foreach (var batch in group.Batches)
            {
                using var scope = NewDisposeScope();
                step.Accumulate(loader.Load(batch), group.Instances, group.Classes);
            }

            return step.Update(epoch + 1);
        }

        string Save()
        {
            weights.Save(Options.OutputPath, Notes());
            return Options.OutputPath;
        }

        // With the averaged weights in place, and with whatever was put aside where it is needed.
        T Averaged<T>(Func<T> work, bool whole = false)
        {
            using var back = whole ? aside?.Return() : null;
            using var average = ema?.Swap();
            return work();
        }

        // Work that may run out of memory, or diverge: what was learned until then is kept.
        T Saving<T>(int epochs, Func<T> work)
        {
            try
            {
                return work();
            }
            catch (DivergedException e)
            {
                throw e.With(checkpoints.Latest);
            }
            catch (Exception e) when (OutOfMemory.Is(e))
            {
                optimizer.ZeroGradient();
                throw new ShortOfMemoryException(OutOfMemory.Sentence(ModelShape.Of(sd), Plan, sd.Device, ledger.History.Count > start.Step ? Rescue(epochs) : checkpoints.Latest), e);
            }
        }

        string? Rescue(int epochs)
        {
            try
            {
                return Checkpoint(epochs).Path;
            }
            catch (Exception e) when (OutOfMemory.Is(e))
            {
                return checkpoints.Latest; // its state is written before its result
            }
        }

        CheckpointEvent Checkpoint(int epochs)
        {
            var position = new RunPosition { Step = ledger.History.Count, Epoch = epochs, StepInEpoch = stepInEpoch, History = ledger.History, Settings = start.Settings };
            using var back = aside?.Return();
            return new CheckpointEvent(checkpoints.Write(position, Notes()), epochs, position.Step);
        }

        Dictionary<string, string> Notes() => RunNotes.Of(sd, Options, ledger.History, epoch, data);
    }

    // Everything that the encoders will be asked for is asked for before they go.
    private EncodersAside? PutAside(TrainedWeights weights, TrainData data, HeldOutLoss heldOut, string file)
    {
        if (!Options.FreeEncoders || !Plan.EncodersCanGo)
            return null;
        var textEncoder = !Plan.TextLearns && !Options.ShuffleCaptions;
        heldOut.Prepare();
        if (textEncoder && Options.Method != TrainMethod.Imagic) // whose states are its own
            weights.PrepareTextStates(data.Prompts.Concat(heldOut.Prompts));
        return new EncodersAside(sd, file, vae: !Options.RandomCrop, textEncoder);
    }
}
