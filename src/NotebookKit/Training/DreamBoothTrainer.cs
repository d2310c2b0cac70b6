using System.Diagnostics;
using System.Globalization;
using NotebookKit.Display;
using NotebookKit.Models;
using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>
/// Teaches a base one subject from a few pictures (DreamBooth, Ruiz et al. 2022), as a LoRA or by fine-tuning every
/// weight: the loop is the same, only what <see cref="TrainMethod"/> thaws differs.
/// </summary>
/// <param name="sd">The base. A LoRA run leaves it as it was; a full fine-tune leaves it trained.</param>
/// <param name="options">What to learn and how; nulls are filled in by <see cref="TrainOptions.ForBase"/>.</param>
public sealed class DreamBoothTrainer(StableDiffusion sd, TrainOptions options)
{
    private readonly Stopwatch _clock = new();

    /// <summary>The options that the run uses, every null filled in.</summary>
    public TrainOptions Options { get; } = options.ForBase(sd);

    /// <summary>
    /// Paints the class images that are missing, encodes everything once, trains, and saves. On cancellation what has been
    /// trained is saved all the same.
    /// </summary>
    /// <param name="progress">Told every step and every sample grid; called on this thread.</param>
    /// <param name="cancel">Stops after the current step.</param>
    /// <returns>The output's path, the loss history and the sample grids.</returns>
    /// <exception cref="BadInputException">A setting, folder or picture is unusable; nothing was written.</exception>
    public TrainResult Train(IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        Options.Validate();
        cancel = cancel.CanBeCanceled ? cancel : RunningCell.Cancellation; // a notebook's stop button
        _clock.Restart();
        var pictures = TrainingPicture.Read(Options);
        using var data = new TrainData(sd, Options, pictures, done => Report(progress, "encoding pictures", done, pictures.Count));
        var classImages = PaintClassImages(progress, cancel); // by the untouched base: nothing is attached yet
        data.AddClassImages(classImages, done => Report(progress, "encoding class images", done, classImages.Count));

        using var weights = new TrainedWeights(sd, Options);
        sd.UNet.GradientCheckpointing = sd.TextEncoder.GradientCheckpointing = Options.GradientCheckpointing;
        using var optimizer = weights.Optimizer(Options);
        var epochs = Options.Epochs!.Value;
        var total = epochs * data.BatchesPerEpoch / Options.GradientAccumulation;
        var schedule = new LrSchedule(Options.Schedule, Options.LearningRate!.Value, Options.Warmup, total);
        var step = new TrainStep(sd.UNet, sd.SchedulerConfig, optimizer, schedule, Options);
        var samples = new SampleGrids(sd, Options);
        var history = new List<StepRecord>();
        var batches = 0;
        var epoch = 0;

        while (epoch < epochs && history.Count < total && !cancel.IsCancellationRequested)
        {
            foreach (var batch in data.Epoch(epoch++))
            {
                using var scope = NewDisposeScope();
                using var random = RandomStreams.OfStep(Options.Seed, batches);
                var latents = data.Latents(batch, random);                                                                    // (B, 4, h, w)
                var noise = randn(latents.shape, generator: random).to(sd.Device);                                            // (B, 4, h, w)
                var timesteps = randint(0, sd.SchedulerConfig.NumTrainTimesteps, [latents.shape[0]], ScalarType.Int64, generator: random).to(sd.Device); // (B)
                step.Accumulate(latents, noise, timesteps, data.TextStates(batch), data.WithClass);

                if (++batches % Options.GradientAccumulation != 0)
                    continue;
                history.Add(step.Update(epoch));
                Report(progress, "training", history.Count, total, history, epoch);
                if (cancel.IsCancellationRequested || history.Count == total)
                    break;
            }

            if (samples.AreDue(epoch) && !cancel.IsCancellationRequested)
                Report(progress, "training", history.Count, total, history, epoch, samples.Draw(epoch));
        }

        weights.Save(Options, Notes(history, epoch, pictures.Count, classImages.Count));
        return new TrainResult(Options.OutputPath, history, samples.Drawn, epoch, _clock.Elapsed.TotalSeconds, MemoryUse.PeakBytes(sd.Device), cancel.IsCancellationRequested, schedule.Warnings());
    }

    private IReadOnlyList<string> PaintClassImages(IProgress<TrainProgress>? progress, CancellationToken cancel)
    {
        if (Options.ClassPrompt is null)
            return [];
        var plan = ClassImages.Plan(Options, sd);
        return plan.Paint(sd, done => Report(progress, "painting class images", done, plan.Need), cancel);
    }

    private TimeSpan _stageBegan;
    private string _stage = "";

    private void Report(IProgress<TrainProgress>? progress, string stage, int done, int total, IReadOnlyList<StepRecord>? history = null, int epoch = 0, SampleGrid? samples = null)
    {
        if (stage != _stage)
        {
            // The first unit warms caches up, so the pace is measured from here on.
            _stage = stage;
            _stageBegan = _clock.Elapsed;
        }

        var pace = done > 1 ? (_clock.Elapsed - _stageBegan) / (done - 1) : (TimeSpan?)null;
        progress?.Report(new TrainProgress(stage, done, total, history ?? [])
        {
            Epoch = epoch,
            Epochs = Options.Epochs!.Value,
            Elapsed = _clock.Elapsed,
            Remaining = pace * (total - done),
            Samples = samples,
        });
    }

    // What kohya's tools and the web UI show about a LoRA.
    private Dictionary<string, string> Notes(List<StepRecord> history, int epochs, int pictures, int classImages) => new()
    {
        ["ss_output_name"] = Path.GetFileNameWithoutExtension(Options.OutputPath),
        ["ss_sd_model_name"] = Path.GetFileName(Path.TrimEndingDirectorySeparator(sd.Folder)),
        ["ss_base_model_version"] = "sd_v1",
        ["ss_training_comment"] = $"NotebookKit DreamBooth: \"{Options.InstancePrompt}\" / \"{Options.ClassPrompt}\"",
        ["ss_unet_lr"] = Invariant(Options.LearningRate!.Value),
        ["ss_learning_rate"] = Invariant(Options.LearningRate!.Value),
        ["ss_text_encoder_lr"] = Options.TrainTextEncoder ? Invariant(Options.TextLearningRate!.Value) : "0.0",
        ["ss_lr_scheduler"] = Options.Schedule,
        ["ss_lr_warmup_steps"] = Invariant(Options.Warmup),
        ["ss_num_epochs"] = Invariant(Options.Epochs!.Value),
        ["ss_epoch"] = Invariant(epochs),
        ["ss_steps"] = Invariant(history.Count),
        ["ss_num_train_images"] = Invariant(pictures),
        ["ss_num_reg_images"] = Invariant(classImages),
        ["ss_prior_loss_weight"] = Invariant(Options.PriorLossWeight),
        ["ss_batch_size_per_device"] = Invariant(Options.BatchSize!.Value),
        ["ss_gradient_accumulation_steps"] = Invariant(Options.GradientAccumulation),
        ["ss_max_grad_norm"] = Invariant(Options.MaxGradNorm),
        ["ss_seed"] = Invariant(Options.Seed),
        ["ss_optimizer"] = Options.Optimizer.ToString(),
        ["ss_resolution"] = $"({Options.Size}, {Options.Size})",
    };

    private static string Invariant(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
