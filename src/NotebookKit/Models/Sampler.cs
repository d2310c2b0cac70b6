using NotebookKit.Images;
using NotebookKit.Schedulers;
using static TorchSharp.torch;

namespace NotebookKit.Models;

/// <summary>The sampling loop: noise, then the UNet and the scheduler in turn, then the VAE.</summary>
internal sealed class Sampler
{
    private readonly StableDiffusion model;
    private readonly SampleOptions options;
    private readonly IProgress<StepProgress>? progress;
    private readonly CancellationToken cancel;
    private readonly int latentSize;
    private readonly int batch;
    private int done;

    public Sampler(StableDiffusion model, SampleOptions options, IProgress<StepProgress>? progress, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(options);
        (this.model, this.options, this.progress, this.cancel) = (model, options, progress, cancel);
        if (string.IsNullOrWhiteSpace(options.Prompt))
            throw new BadInputException("The prompt is empty; say what the picture is to show.");
        if (options.Count is < 1 or > 10_000)
            throw new BadInputException($"{options.Count} pictures are not possible; take 1 to 10000.");
        if (!double.IsFinite(options.GuidanceScale))
            throw new BadInputException("The guidance scale must be a finite number, such as 7.5.");
        var factor = model.Vae.Config.Factor;
        var size = options.Size ?? model.SampleSize;
        if (size < factor || size > 4096 || size % factor != 0)
            throw new BadInputException($"A size of {size} pixels is not possible with this model; take a multiple of {factor} up to 4096, best {model.SampleSize}.");
        latentSize = size / factor;
        // About as many latents at once as one picture of 512 pixels has.
        batch = Math.Clamp(64 * 64 / (latentSize * latentSize), 1, 16);
    }

    public IReadOnlyList<RgbImage> Run()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var guided = options.GuidanceScale > 1;
        // (1, 77, D) without guidance, else (2, 77, D): the negative prompt, then the prompt.
        var states = model.EncodePrompts(guided ? [options.NegativePrompt, options.Prompt] : [options.Prompt]);
        var pictures = new List<RgbImage>();
        for (var first = 0; first < options.Count; first += batch)
            pictures.AddRange(Draw(first, Math.Min(batch, options.Count - first), states, guided));
        return pictures;
    }

    private IReadOnlyList<RgbImage> Draw(int first, int count, Tensor states, bool guided)
    {
        using var scope = NewDisposeScope();
        using var scheduler = Scheduler.Create(options.Scheduler, model.SchedulerConfig);
        scheduler.SetTimesteps(options.Steps);
        // A generator for each picture, on the CPU: neither the other pictures nor the device change what it draws.
        var generators = Enumerable.Range(first, count).Select(i => new Generator(options.Seed + (ulong)i, CPU)).ToArray();
        var context = states.repeat_interleave(count, 0); // (B or 2B, 77, D)
        var latents = Noise(generators) * scheduler.InitNoiseSigma; // (B, 4, h, w)
        foreach (var timestep in scheduler.Timesteps)
        {
            cancel.ThrowIfCancellationRequested();
            using var step = NewDisposeScope();
            var prediction = Predict(scheduler.ScaleModelInput(latents, timestep), timestep, context, guided);
            var next = scheduler.Step(prediction, timestep, latents, scheduler.DrawsNoise(timestep) ? Noise(generators) : null);
            latents.Dispose();
            latents = next.MoveToOuterDisposeScope();
            progress?.Report(new StepProgress(++done, options.Steps * ((options.Count + batch - 1) / batch)));
        }

        cancel.ThrowIfCancellationRequested();
        return model.DecodeLatents(latents);
    }

    // (B, 4, h, w) from (B, 4, h, w): both predictions in one batch, then ε₀ + s·(ε − ε₀).
    private Tensor Predict(Tensor input, double timestep, Tensor context, bool guided)
    {
        var doubled = guided ? cat([input, input], 0) : input;
        var time = tensor(new[] { (float)timestep }, device: input.device);
        var prediction = model.UNet.call(doubled.to(context.dtype), time, context).to(ScalarType.Float32);
        if (!guided)
            return prediction;
        var halves = prediction.chunk(2, 0);
        return halves[0] + (halves[1] - halves[0]) * options.GuidanceScale;
    }

    private Tensor Noise(Generator[] generators)
    {
        long[] shape = [1, model.UNet.Config.InChannels, latentSize, latentSize];
        return cat([.. generators.Select(generator => randn(shape, ScalarType.Float32, CPU, generator: generator))], 0).to(model.Device);
    }
}
