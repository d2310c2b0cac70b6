using NotebookKit.Images;
using NotebookKit.Pipeline;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Data;
using NotebookKit.Training.Loss;
using NotebookKit.Training.Methods;
using static TorchSharp.torch;

namespace NotebookKit.Training.Runs;

/// <summary>How well pictures are denoised that are trained on, and pictures that are not.</summary>
/// <param name="Epoch">After this epoch; 0 is before training.</param>
/// <param name="HeldOut">Mean squared error on the held-out pictures.</param>
/// <param name="Trained">The same on as many trained ones.</param>
public sealed record HeldOutRecord(int Epoch, double HeldOut, double Trained);

/// <summary>
/// Tells learning from memorising: always the same noise at the same timesteps on pictures that the run never trains on.
/// While their loss falls the subject is learned; when it rises and the trained ones' falls on, the photos are memorised.
/// </summary>
internal sealed class HeldOutLoss : IDisposable
{
    private const int Timesteps = 8;

    // A rise that is no longer the chance of eight timesteps.
    private const double Rise = 1.05;

    private readonly StableDiffusion _sd;
    private readonly TrainOptions _options;
    private readonly LatentCache _latents;
    private readonly DenoisingLoss _loss;
    private readonly IReadOnlyList<(PictureView View, string Prompt)> _heldOut;
    private readonly IReadOnlyList<(PictureView View, string Prompt)> _trained;
    private readonly List<HeldOutRecord> _records = [];

    /// <summary>Finds the held-out pictures, and encodes them when they are first measured.</summary>
    public HeldOutLoss(StableDiffusion sd, TrainOptions options)
    {
        (_sd, _options) = (sd, options);
        _latents = new LatentCache(sd, null);
        _loss = new DenoisingLoss(sd.UNet, sd.SchedulerConfig);
        _heldOut = options.Samples.HeldOutDir is { } folder ? Views(options.Concepts[0] with { InstanceDir = folder }) : [];
        _trained = _heldOut.Count == 0 ? [] : [.. Views(options.Concepts[0]).Take(Math.Max(3, _heldOut.Count))];
    }

    /// <summary>What was measured so far.</summary>
    public IReadOnlyList<HeldOutRecord> Records => _records;

    /// <summary>Whether to measure after an epoch (0 is before the first).</summary>
    public bool IsDue(int epoch) => _heldOut.Count > 0 && (epoch % _options.Samples.HeldOutEvery == 0 || epoch == _options.EpochsInAll);

    /// <summary>Their prompts.</summary>
    public IEnumerable<string> Prompts => _heldOut.Concat(_trained).Select(picture => picture.Prompt);

    /// <summary>Encodes them, while the VAE is there.</summary>
    public void Prepare()
    {
        foreach (var (view, _) in _heldOut.Concat(_trained))
            _latents.Prepare(view);
    }

    /// <summary>Measures both sets.</summary>
    public HeldOutRecord Measure(int epoch, TrainedWeights weights)
    {
        _records.Add(new HeldOutRecord(epoch, Mean(_heldOut, weights), Mean(_trained, weights)));
        return _records[^1];
    }

    /// <summary>After which epoch to stop, once the held-out loss has risen clearly; null while it has not.</summary>
    public string? Verdict()
    {
        if (_records.Count < 3)
            return null;
        var best = _records.MinBy(record => record.HeldOut)!;
        return _records[^1].HeldOut > Rise * best.HeldOut && _records[^2].HeldOut > best.HeldOut && _records[^1].Trained < best.Trained
            ? $"The held-out pictures were denoised best after epoch {best.Epoch}, and worse since while the trained ones still get "
                + $"better: the run has begun to memorise; look at the checkpoint near epoch {best.Epoch} before you keep a later one."
            : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _latents.Dispose();
        _loss.Dispose();
    }

    private IReadOnlyList<(PictureView View, string Prompt)> Views(Concept concept) =>
    [
        .. from picture in TrainingPicture.Read(concept)
           let image = RgbImage.Load(picture.Path)
           let bucket = _options.BucketFor(_sd, (image.Width, image.Height))
           select (new PictureView(picture.Path, bucket.Width, bucket.Height), picture.Prompt),
    ];

    private double Mean(IReadOnlyList<(PictureView View, string Prompt)> pictures, TrainedWeights weights)
    {
        using var grad = no_grad();
        return pictures.Select((picture, index) =>
        {
            using var scope = NewDisposeScope();
            using var random = RandomStreams.OfDraw(_options.Seed, 2, index);
            var latents = cat([.. Enumerable.Range(0, Timesteps).Select(_ => _latents.Sample(picture.View, random))]);
            var noise = randn(latents.shape, generator: random);
            // The middles of eight equal parts: every noise level has its say.
            var timesteps = tensor(Enumerable.Range(0, Timesteps)
                .Select(i => (long)((i + 0.5) * _sd.SchedulerConfig.NumTrainTimesteps / Timesteps)).ToArray());
            var context = weights.TextStates([picture.Prompt]).expand(Timesteps, -1, -1);
            return (double)_loss.Errors(new TrainBatch(latents.to(_sd.Device), noise.to(_sd.Device), timesteps.to(_sd.Device), context,
                Timesteps)).mean().item<float>();
        }).Average();
    }
}
