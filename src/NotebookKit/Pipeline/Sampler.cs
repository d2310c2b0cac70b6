using NotebookKit.Images;
using NotebookKit.Models;
using NotebookKit.Schedulers;
using NotebookKit.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Pipeline;

/// <summary>
/// The sampling loop: noise or a noised picture, then the UNet and the scheduler in turn, then the VAE. On a CPU small
/// pictures are drawn side by side, a few on each core.
/// </summary>
internal sealed class Sampler
{
    // Latents of a picture. At twice that each way two cores that share the operators draw one picture a third quicker.
    internal const int LargestSideBySide = 32 * 32;

    // Of small pictures a core draws a few together, in two thirds of the time that they take one by one.
    private const int MostTogether = 4;

    private readonly StableDiffusion _model;
    private readonly SampleOptions _options;
    private readonly IProgress<StepProgress>? _progress;
    private readonly CancellationToken _cancel;
    private readonly int _width;
    private readonly int _height;
    private readonly int _batch;
    private readonly SideBySide _threads;
    private int _done;

    public Sampler(StableDiffusion model, SampleOptions options, IProgress<StepProgress>? progress, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(options);
        (this._model, this._options, this._progress, this._cancel) = (model, options, progress, cancel);
        options.Validate();
        (_width, _height) = options.SizeFor(model);
        var latents = _width * _height / (model.Vae.Config.Factor * model.Vae.Config.Factor);
        var onCpu = model.Device.type == DeviceType.CPU;
        var beside = onCpu && model.UNet.Config.IsMiniature && latents <= LargestSideBySide ? get_num_threads() : 0;
        _threads = new SideBySide(beside);
        _batch = options.BatchSize ?? (beside > 0 ? AtOnce(options.Count, beside) : onCpu ? 1 : Math.Clamp(64 * 64 / latents, 1, 16));
    }

    /// <summary>How many small pictures share a batch where several batches are drawn side by side.</summary>
    /// <param name="count">Pictures in all.</param>
    /// <param name="threads">Batches side by side.</param>
    internal static int AtOnce(int count, int threads) => Math.Clamp((count + threads - 1) / threads, 1, MostTogether);

    public IReadOnlyList<RgbImage> Run()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        NewScheduler().Dispose(); // refuses its options before anything is computed
        using var folded = FoldedWeights.Fold(_model.UNet, _model.TextEncoder);
        var conditioning = Conditioning.Encode(_model, _options);
        var start = _options.InitImage is null ? null
            : _model.EncodeImages(ImageTensor.ToTensor(_options.InitImage.Cover(_width, _height)).unsqueeze(0)); // (1, 4, h, w)
        var batches = Enumerable.Range(0, _options.Count).Chunk(_batch).ToArray();
        var pictures = new IReadOnlyList<RgbImage>[batches.Length];
        _threads.Run(batches.Length, i => pictures[i] = Draw(batches[i], batches.Length, conditioning, start));
        return [.. pictures.SelectMany(drawn => drawn)];
    }

    private IReadOnlyList<RgbImage> Draw(int[] batch, int batches, Conditioning conditioning, Tensor? start)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var scheduler = NewScheduler();
        scheduler.SetTimesteps(_options.Steps);
        var begin = start is null ? 0 : BeginIndex(scheduler);
        scheduler.SetBeginIndex(begin);
        // A generator for each picture, on the CPU: neither the other pictures nor the device change what it draws.
        var generators = batch.Select(i => new Generator(_options.Seed + (ulong)i, CPU)).ToArray();
        var latents = Start(generators, scheduler, begin, start); // (B, 4, h, w)
        var (states, context) = ((StepStates?)null, (Tensor?)null);
        var timesteps = scheduler.Timesteps;
        for (var i = begin; i < timesteps.Length; i++)
        {
            _cancel.ThrowIfCancellationRequested();
            using var step = NewDisposeScope();
            var timestep = timesteps[i];
            // Some samplers visit more timesteps than they have steps.
            if (conditioning.At((i - begin) * _options.Steps / timesteps.Length) is var now
                && !ReferenceEquals(now, states)) // as records they would be compared number by number
            {
                context?.Dispose();
                (states, context) = (now, Stack(now, batch.Length).MoveToOuterDisposeScope());
            }

            var level = scheduler.LevelAt(i);
            var prediction = Predict(scheduler.ScaleModelInput(latents, timestep), timestep, states, context!);
            var next = scheduler.Step(prediction, timestep, latents, scheduler.DrawsNoise(timestep) ? Noise(generators) : null);
            Report(i + 1 - begin, (timesteps.Length - begin) * batches, batch[0], timestep,
                () => scheduler.PredictOriginal(prediction, latents, level));
            latents.Dispose();
            latents = next.MoveToOuterDisposeScope();
        }

        if (!latents.isfinite().all().item<bool>())
            throw Broken(conditioning, start);
        return _model.DecodeLatents(latents, _cancel);
    }

    // The first part of the way whose numbers are not finite.
    private NotFiniteException Broken(Conditioning conditioning, Tensor? start)
    {
        const string Remedy = "kit inspect tells whether its weights are; in float16, try float32, or bfloat16 on a GPU";
        return start?.isfinite().all().item<bool>() == false ? new NotFiniteException("the VAE (encoding the first picture)", Remedy)
            : !Stack(conditioning.At(0), 1).isfinite().all().item<bool>() ? new NotFiniteException("the text encoder", Remedy)
            : new NotFiniteException("the UNet", Remedy + ", and a LoRA at a smaller multiplier");
    }

    private Scheduler NewScheduler()
    {
        var scheduler = Scheduler.Create(_options.Scheduler, _model.SchedulerConfig);
        if (scheduler is DDIMScheduler ddim)
            ddim.Eta = _options.Eta;
        else if (_options.Eta > 0)
            throw new BadInputException($"The scheduler '{_options.Scheduler}' has no eta; only ddim has, or leave eta out.");
        return scheduler;
    }

    // Of the steps the last share is run (Meng et al. 2021), counted as diffusers does.
    private int BeginIndex(Scheduler scheduler)
    {
        var run = _options.Strength == 0 ? 0 : Math.Clamp((int)(_options.Steps * _options.Strength), 1, _options.Steps);
        return run == 0 ? scheduler.Timesteps.Length : scheduler.IndexOfStep(_options.Steps - run);
    }

    // (B, 4, h, w): pure noise, or the picture's latents noised to the level of the first timestep.
    private Tensor Start(Generator[] generators, Scheduler scheduler, int begin, Tensor? start)
    {
        if (start is null)
            return Noise(generators) * scheduler.InitNoiseSigma;
        var original = start.to(ScalarType.Float32).expand(generators.Length, -1, -1, -1);
        if (begin == scheduler.Timesteps.Length)
            return original.clone();
        var level = scheduler.LevelAt(begin);
        return original * level.Alpha + Noise(generators) * level.Sigma;
    }

    // ((1 + P)·B, L, D): the negative states for each picture, then those of each prompt.
    private static Tensor Stack(StepStates states, int count)
    {
        Tensor[] parts = [.. states.Prompts.Select(prompt => prompt.States)];
        if (states.Negative is { } negative)
            parts = [negative, .. parts];
        return cat([.. parts.Select(part => part.expand(count, -1, -1))], 0);
    }

    // (B, 4, h, w) from (B, 4, h, w): all predictions in one batch, then ε₀ + s·Σ w·(ε − ε₀).
    private Tensor Predict(Tensor input, double timestep, StepStates states, Tensor context)
    {
        var parts = context.shape[0] / input.shape[0];
        var repeated = parts == 1 ? input : input.repeat(parts, 1, 1, 1);
        var time = tensor(new[] { (float)timestep }, device: input.device);
        var prediction = _model.UNet.call(repeated.to(context.dtype), time, context).to(ScalarType.Float32);
        if (parts == 1)
            return prediction;
        var each = prediction.chunk(parts, 0);
        var guided = each[0];
        for (var i = 0; i < states.Prompts.Count; i++)
            guided = guided + (each[i + 1] - each[0]) * (states.Prompts[i].Weight * Math.Max(_options.GuidanceScale, 1));
        return guided;
    }

    private void Report(int step, int total, int first, double timestep, Func<Tensor> original)
    {
        if (_progress is null)
            return;
        _threads.OnCaller(() =>
        {
            var report = new StepProgress(++_done, total, first, step, timestep, side => Preview(original, side));
            _progress.Report(report);
            report.Close();
        });
    }

    private IReadOnlyList<RgbImage> Preview(Func<Tensor> predicted, int longestSide)
    {
        using var scope = NewDisposeScope();
        var original = predicted();
        // The smallest whole division that fits.
        var division = (Math.Max(_width, _height) + longestSide - 1) / longestSide;
        division = Math.Min(division, Math.Min(original.shape[2], original.shape[3]) is var least ? (int)least : 1);
        return _model.DecodeLatents(division > 1 ? nn.functional.avg_pool2d(original, division) : original, _cancel);
    }

    private Tensor Noise(Generator[] generators)
    {
        var factor = _model.Vae.Config.Factor;
        long[] shape = [1, _model.UNet.Config.InChannels, _height / factor, _width / factor];
        return cat([.. generators.Select(generator => randn(shape, ScalarType.Float32, CPU, generator: generator))], 0).to(_model.Device);
    }
}
