using NotebookKit.Models;
using NotebookKit.Schedulers;
using NotebookKit.Tensors;
using NotebookKit.Training.Data;
using NotebookKit.Training.Loss;
using NotebookKit.Training.Optimizers;
using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>
/// The step that training consists of: measure how wrong the UNet is on the subject and on the class, and move the weights
/// a little. loss = instance + prior loss weight · prior, each the mean over its pictures (Ruiz et al. 2022, equation 2).
/// </summary>
/// <remarks>
/// A step's pictures may come in several batches; each counts by its share of the whole step's pictures, so that the
/// gradient is the large batch's, whatever the batches' sizes.
/// </remarks>
public sealed class TrainStep : IDisposable
{
    private readonly DenoisingLoss _loss;
    private readonly TrainOptimizer _optimizer;
    private readonly LrSchedule _schedule;
    private readonly double[] _baseRates;
    private readonly TrainOptions _options;
    private readonly int _timesteps;
    private readonly List<(Tensor Figures, bool WithPrior)> _told = []; // of each batch, read once for the whole step

    /// <summary>A step over given weights.</summary>
    /// <param name="unet">The UNet, adapters attached.</param>
    /// <param name="config">The base's noise schedule and prediction type.</param>
    /// <param name="optimizer">Holds the trained parameters, each group at its own base rate.</param>
    /// <param name="schedule">The learning rate's course.</param>
    /// <param name="options">Clipping, min-SNR.</param>
    public TrainStep(UNet2DConditionModel unet, SchedulerConfig config, TrainOptimizer optimizer, LrSchedule schedule, TrainOptions options)
    {
        _loss = new DenoisingLoss(unet, config);
        _timesteps = config.NumTrainTimesteps;
        _optimizer = optimizer;
        _baseRates = [.. optimizer.Groups.Select(group => group.LearningRate)];
        _schedule = schedule;
        _options = options;
        PriorLossWeight = options.Loss.PriorLossWeight;
    }

    /// <summary>Scales the loss of a float16 base, whose small gradients would vanish; null for other types.</summary>
    internal GradScaler? Scaler { get; init; }

    /// <summary>Optimizer steps that were made; the schedule follows it.</summary>
    public int Step { get; set; }

    /// <summary>How much the class images count; may change from epoch to epoch.</summary>
    public double PriorLossWeight { get; set; }

    /// <summary>What the schedule's rates are multiplied by.</summary>
    public double RateFactor { get; set; } = 1;

    /// <summary>Forward and backward of one batch; gradients add up until <see cref="Update"/>.</summary>
    /// <param name="batch">The subject's pictures, then class images.</param>
    /// <param name="instances">The subject's pictures in the whole step; those of the batch when null.</param>
    /// <param name="classes">Class images in the whole step; those of the batch when null.</param>
    public void Accumulate(TrainBatch batch, int? instances = null, int? classes = null)
    {
        using var scope = NewDisposeScope();
        var error = _loss.Errors(batch);                                                        // (B)
        var ofSubject = error.narrow(0, 0, batch.Instances);
        if (_options.Loss.SnrGamma is { } gamma)
            ofSubject = ofSubject * _loss.MinSnr(batch.Timesteps.narrow(0, 0, batch.Instances), gamma);
        if (batch.Weights is { } weights)
            ofSubject = ofSubject * tensor(weights.Select(weight => (float)weight).ToArray()).to(error.device);
        var instance = ofSubject.sum() / (instances ?? batch.Instances);
        var prior = batch.Classes > 0 ? error.narrow(0, batch.Instances, batch.Classes).sum() / (classes ?? batch.Classes) : null;
        var loss = prior is null ? instance : instance + (PriorLossWeight * prior);
        (Scaler?.Of(loss) ?? loss).backward();
        GradientCheckpoint.ThrowWhatFailed();
        Tensor[] figures = [instance.detach().view(1), .. prior is null ? Array.Empty<Tensor>() : [prior.detach().view(1)],
            batch.Timesteps.to(ScalarType.Float32), error.detach()];
        _told.Add((cat(figures).DetachFromDisposeScope(), prior is not null)); // (1 or 2, then B timesteps and B errors)
    }

    /// <summary>Clips the gradients, sets this step's learning rate, moves the weights, and forgets the gradients.</summary>
    /// <param name="epoch">For the record: which epoch it is, from 1.</param>
    /// <returns>Losses, learning rate and gradient norm.</returns>
    /// <exception cref="DivergedException">A loss or gradient is no number any more; the weights were not moved.</exception>
    public StepRecord Update(int epoch)
    {
        var length = _optimizer.GradientNorm();
        var unscaled = Scaler is null ? 1 : Scaler.Update(length);
        var overflown = unscaled is null; // the scale was too large: this step is left out
        var norm = overflown ? 0 : length * unscaled!.Value;
        var (instance, prior, errors) = Read();
        var loss = instance + (PriorLossWeight * (prior ?? 0));
        // Gradients that overflow however small the scale are not the scale's fault.
        if (!double.IsFinite(loss) || !double.IsFinite(norm) || (overflown && Scaler!.Scale < 1))
            throw new DivergedException(Step + 1, epoch, double.IsFinite(loss) ? "gradient" : "loss");
        var factor = _schedule.FactorAt(Step) * RateFactor;
        foreach (var (group, rate) in _optimizer.Groups.Zip(_baseRates))
            group.LearningRate = rate * factor;
        if (!overflown)
            _optimizer.Step(unscaled!.Value * Clipping(norm));
        _optimizer.ZeroGradient();

        var record = new StepRecord(Step, epoch, loss, instance, prior, _schedule.At(Step) * RateFactor, norm)
        {
            Skipped = overflown,
            Bands = BandLosses.Of(errors, _timesteps)
        };
        Step++;
        return record;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Forget();
        _loss.Dispose();
    }

    // The only place where the device is waited for, once everything that it has to do is under way.
    private (double Instance, double? Prior, List<(long Timestep, double Error)> Errors) Read()
    {
        var (instance, prior, errors) = (0.0, (double?)null, new List<(long, double)>());
        foreach (var (told, withPrior) in _told)
        {
            using var here = told.cpu();
            var figures = here.data<float>();
            instance += figures[0];
            if (withPrior)
                prior = (prior ?? 0) + figures[1];
            var first = withPrior ? 2 : 1;
            var pictures = ((int)here.numel() - first) / 2;
            for (var i = first; i < first + pictures; i++)
                errors.Add(((long)figures[i], figures[i + pictures]));
        }

        Forget();
        return (instance, prior, errors);
    }

    // What shortens a gradient to the longest that is allowed (Pascanu et al. 2013, algorithm 1).
    private double Clipping(double norm) =>
        _options.Learning.MaxGradNorm > 0 && norm > _options.Learning.MaxGradNorm ? _options.Learning.MaxGradNorm / (norm + 1e-6) : 1;

    private void Forget()
    {
        _told.ForEach(told => told.Figures.Dispose());
        _told.Clear();
    }
}
