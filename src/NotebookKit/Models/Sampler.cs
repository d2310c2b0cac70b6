using NotebookKit.Images;
using NotebookKit.Lora;
using NotebookKit.Schedulers;
using static TorchSharp.torch;

namespace NotebookKit.Models;

/// <summary>The sampling loop: noise or a noised picture, then the UNet and the scheduler in turn, then the VAE.</summary>
internal sealed class Sampler
{
    private readonly StableDiffusion model;
    private readonly SampleOptions options;
    private readonly IProgress<StepProgress>? progress;
    private readonly CancellationToken cancel;
    private readonly int width;
    private readonly int height;
    private readonly int batch;
    private int done;

    public Sampler(StableDiffusion model, SampleOptions options, IProgress<StepProgress>? progress, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(options);
        (this.model, this.options, this.progress, this.cancel) = (model, options, progress, cancel);
        options.Validate();
        (width, height) = options.SizeFor(model);
        var latents = width * height / (model.Vae.Config.Factor * model.Vae.Config.Factor);
        batch = options.BatchSize ?? Math.Clamp(64 * 64 / latents, 1, 16);
    }

    public IReadOnlyList<RgbImage> Run()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var scheduler = Scheduler.Create(options.Scheduler, model.SchedulerConfig);
        if (scheduler is DDIMScheduler ddim)
            ddim.Eta = options.Eta;
        else if (options.Eta > 0)
            throw new BadInputException($"The scheduler '{options.Scheduler}' has no eta; only ddim has, or leave eta out.");
        using var folded = AdaptedLayer.Fold(model.UNet, model.TextEncoder);
        var conditioning = Conditioning.Encode(model, options);
        var start = options.InitImage is null ? null : model.EncodeImages(ImageTensor.ToTensor(options.InitImage.Cover(width, height)).unsqueeze(0)); // (1, 4, h, w)
        var pictures = new List<RgbImage>();
        for (var first = 0; first < options.Count; first += batch)
            pictures.AddRange(Draw(first, Math.Min(batch, options.Count - first), scheduler, conditioning, start));
        return pictures;
    }

    private IReadOnlyList<RgbImage> Draw(int first, int count, Scheduler scheduler, Conditioning conditioning, Tensor? start)
    {
        using var scope = NewDisposeScope();
        scheduler.SetTimesteps(options.Steps);
        var begin = start is null ? 0 : BeginIndex(scheduler);
        scheduler.SetBeginIndex(begin);
        // A generator for each picture, on the CPU: neither the other pictures nor the device change what it draws.
        var generators = Enumerable.Range(first, count).Select(i => new Generator(options.Seed + (ulong)i, CPU)).ToArray();
        var latents = Start(generators, scheduler, begin, start); // (B, 4, h, w)
        var (states, context) = ((StepStates?)null, (Tensor?)null);
        var timesteps = scheduler.Timesteps;
        var total = (timesteps.Length - begin) * ((options.Count + batch - 1) / batch);
        for (var i = begin; i < timesteps.Length; i++)
        {
            cancel.ThrowIfCancellationRequested();
            using var step = NewDisposeScope();
            var timestep = timesteps[i];
            // Some samplers visit more timesteps than they have steps.
            if (conditioning.At((i - begin) * options.Steps / timesteps.Length) is var now && now != states)
            {
                context?.Dispose();
                (states, context) = (now, Stack(now, count).MoveToOuterDisposeScope());
            }

            var level = scheduler.LevelAt(i);
            var prediction = Predict(scheduler.ScaleModelInput(latents, timestep), timestep, states, context!);
            var next = scheduler.Step(prediction, timestep, latents, scheduler.DrawsNoise(timestep) ? Noise(generators) : null);
            Report(total, first, timestep, side => Preview(scheduler.PredictOriginal(prediction, latents, level), side));
            latents.Dispose();
            latents = next.MoveToOuterDisposeScope();
        }

        return model.DecodeLatents(latents, cancel);
    }

    // Of the steps the last share is run (Meng et al. 2021), counted as diffusers does.
    private int BeginIndex(Scheduler scheduler)
    {
        var run = options.Strength == 0 ? 0 : Math.Clamp((int)(options.Steps * options.Strength), 1, options.Steps);
        return run == 0 ? scheduler.Timesteps.Length : scheduler.IndexOfStep(options.Steps - run);
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
        var prediction = model.UNet.call(repeated.to(context.dtype), time, context).to(ScalarType.Float32);
        if (parts == 1)
            return prediction;
        var each = prediction.chunk(parts, 0);
        var guided = each[0];
        for (var i = 0; i < states.Prompts.Count; i++)
            guided = guided + (each[i + 1] - each[0]) * (states.Prompts[i].Weight * Math.Max(options.GuidanceScale, 1));
        return guided;
    }

    private void Report(int total, int first, double timestep, Func<int, IReadOnlyList<RgbImage>> preview)
    {
        done++;
        if (progress is null)
            return;
        var report = new StepProgress(done, total, first, timestep, preview);
        progress.Report(report);
        report.Close();
    }

    private IReadOnlyList<RgbImage> Preview(Tensor original, int longestSide)
    {
        using var scope = NewDisposeScope();
        // The smallest whole division that fits.
        var division = (Math.Max(width, height) + longestSide - 1) / longestSide;
        division = Math.Min(division, Math.Min(original.shape[2], original.shape[3]) is var least ? (int)least : 1);
        return model.DecodeLatents(division > 1 ? nn.functional.avg_pool2d(original, division) : original, cancel);
    }

    private Tensor Noise(Generator[] generators)
    {
        var factor = model.Vae.Config.Factor;
        long[] shape = [1, model.UNet.Config.InChannels, height / factor, width / factor];
        return cat([.. generators.Select(generator => randn(shape, ScalarType.Float32, CPU, generator: generator))], 0).to(model.Device);
    }
}
