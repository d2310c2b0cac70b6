using NotebookKit.Images;
using NotebookKit.Pipeline;
using NotebookKit.Schedulers;
using NotebookKit.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Evaluation;

/// <summary>Draws one picture for each of many prompts, several prompts in a batch and a batch on every core: DDIM with guidance.</summary>
/// <param name="Model">The model.</param>
/// <param name="Steps">Sampling steps.</param>
/// <param name="Guidance">Guidance scale.</param>
internal sealed record PromptSheet(StableDiffusion Model, int Steps, double Guidance)
{
    private const int Batch = 10;

    /// <summary>Draws; picture i from seed + i, as <c>kit sample --seed</c> would.</summary>
    /// <param name="prompts">One for each picture.</param>
    /// <param name="seed">The first picture's.</param>
    /// <param name="report">Told how many are done.</param>
    /// <param name="cancel">Stops between two steps.</param>
    public IReadOnlyList<RgbImage> Draw(IReadOnlyList<string> prompts, ulong seed, Action<int>? report = null,
        CancellationToken cancel = default)
    {
        var batches = prompts.Chunk(Batch).ToArray();
        var pictures = new IReadOnlyList<RgbImage>[batches.Length];
        var done = 0;
        var threads = new SideBySide(Model.Device.type == DeviceType.CPU ? get_num_threads() : 0);
        threads.Run(batches.Length, i =>
        {
            pictures[i] = DrawBatch(batches[i], seed + (ulong)(i * Batch), cancel);
            threads.OnCaller(() => report?.Invoke(done += batches[i].Length));
        });
        return [.. pictures.SelectMany(drawn => drawn)];
    }

    private IReadOnlyList<RgbImage> DrawBatch(string[] prompts, ulong seed, CancellationToken cancel)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var scheduler = Scheduler.Create("ddim", Model.SchedulerConfig);
        scheduler.SetTimesteps(Steps);
        scheduler.SetBeginIndex(0);
        var side = Model.UNet.Config.SampleSize ?? 64;
        var latents = cat([.. prompts.Select((_, i) => randn([1, Model.UNet.Config.InChannels, side, side], ScalarType.Float32, CPU,
            generator: new Generator(seed + (ulong)i, CPU)))], 0).to(Model.Device);
        var context = Model.EncodePrompts([.. Enumerable.Repeat("", prompts.Length), .. prompts]); // (2·B, 77, D)
        foreach (var timestep in scheduler.Timesteps)
        {
            cancel.ThrowIfCancellationRequested();
            using var step = NewDisposeScope();
            var both = Model.UNet.call(latents.repeat(2, 1, 1, 1), tensor(new[] { (float)timestep }, device: Model.Device), context)
                .chunk(2, 0);
            var next = scheduler.Step(both[0] + ((both[1] - both[0]) * Guidance), timestep, latents);
            latents.Dispose();
            latents = next.MoveToOuterDisposeScope();
        }

        return Model.DecodeLatents(latents, cancel);
    }
}
