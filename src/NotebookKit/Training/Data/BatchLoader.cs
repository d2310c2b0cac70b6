using NotebookKit.Training.Settings;
using NotebookKit.Pipeline;
using NotebookKit.Training.Methods;
using static TorchSharp.torch;

namespace NotebookKit.Training.Data;

/// <summary>Makes batches of samples: draws latents, noise and timesteps, and looks the text states up.</summary>
internal sealed class BatchLoader(StableDiffusion sd, TrainOptions options, TrainData data, TrainedWeights weights) : IDisposable
{
    private readonly Dictionary<PictureView, Tensor> _masks = [];

    /// <summary>A batch of one picture size; its tensors belong to the caller's dispose scope.</summary>
    public TrainBatch Load(IReadOnlyList<TrainSample> samples)
    {
        using var scope = NewDisposeScope();
        var classes = samples.Where(sample => sample.Class is not null).ToList();
        var drawn = samples.Select(sample => Draw(sample.View, 0, sample.Draw))
            .Concat(classes.Select(sample => Draw(sample.Class!.Value, 1, sample.Draw))).ToList();
        var prompts = samples.Select(sample => sample.Prompt).Concat(classes.Select(sample => sample.ClassPrompt!)).ToList();
        return new TrainBatch(
            Stack(drawn.Select(one => one.Latents)),                                     // (B, 4, h, w)
            Stack(drawn.Select(one => one.Noise)),                                       // (B, 4, h, w)
            Stack(drawn.Select(one => one.Timestep)),                                    // (B)
            weights.TextStates(prompts).MoveToOuterDisposeScope(),                       // (B, 77, D)
            samples.Count)
        {
            Weights = samples.Any(sample => sample.Picture.Weight != 1) ? [.. samples.Select(sample => sample.Picture.Weight)] : null,
            Mask = samples.Any(sample => sample.Picture.Mask is not null)
                ? Stack(samples.Select(Mask).Concat(classes.Select(_ => Everywhere(samples[0])))) : null,
        };

        Tensor Stack(IEnumerable<Tensor> parts) => cat([.. parts]).to(sd.Device).MoveToOuterDisposeScope();
    }

    private (Tensor Latents, Tensor Noise, Tensor Timestep) Draw(PictureView view, int stream, long draw)
    {
        using var random = RandomStreams.OfDraw(options.Seed, stream, draw);
        var sample = data.Latents.Sample(view, random);                                                             // (1, 4, h, w)
        var noise = randn(sample.shape, generator: random);                                                    // (1, 4, h, w)
        var timestep = randint(0, sd.SchedulerConfig.NumTrainTimesteps, [1], ScalarType.Int64, generator: random); // (1)
        if (options.Loss.NoiseOffset > 0)
            noise = noise + (options.Loss.NoiseOffset * Spread(sample) * randn([1, sample.shape[1], 1, 1],
                generator: random)); // Guttenberg 2023, "Diffusion with offset noise"
        return (sample, noise, timestep);
    }

    private Tensor Spread(Tensor sample) =>
        options.Loss.NoiseOffsetType == NoiseOffsetType.PerChannel ? sample.std([2, 3], keepdim: true) : ones(1); // (1, 4, 1, 1)

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var mask in _masks.Values)
            mask.Dispose();
    }

    private Tensor Mask(TrainSample sample)
    {
        if (sample.Picture.Mask is not { } path)
            return Everywhere(sample);
        if (_masks.TryGetValue(sample.View, out var kept))
            return kept;
        var mask = PictureMask.Of(data.Masks[path], path, sample.View, sd.Vae.Config.Factor);
        return sample.View.IsCentred ? _masks[sample.View] = mask.DetachFromDisposeScope() : mask;
    }

    private Tensor Everywhere(TrainSample sample) =>
        ones([1, 1, sample.View.Height / sd.Vae.Config.Factor, sample.View.Width / sd.Vae.Config.Factor]);
}
