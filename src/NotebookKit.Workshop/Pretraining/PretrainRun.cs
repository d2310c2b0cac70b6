using NotebookKit.Models;
using NotebookKit.Workshop.World;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>What the stages of one call share: options, work folder, device, and how they report.</summary>
internal sealed class PretrainRun
{
    private readonly IProgress<PretrainProgress>? _progress;

    /// <summary>Checks the options and opens the work folder.</summary>
    /// <exception cref="BadInputException">Options that cannot be followed, or a work folder of another run.</exception>
    public PretrainRun(PretrainOptions options, IProgress<PretrainProgress>? progress, CancellationToken cancel)
    {
        this._progress = progress;
        Options = options;
        Cancel = cancel;
        Workers = options.Workers ?? Preset.Workers;
        if (Workers < 1)
            throw new BadInputException($"--workers: {Workers} is less than 1.");
        if (Workers > 1 && Preset.Device != "cpu")
            throw new BadInputException("--workers: several workers share the processor's memory; on a GPU use 1.");
        if (Preset.Device == "cuda" && !cuda.is_available())
            throw new BadInputException("--preset cuda: this machine has no CUDA device that torch can use; --preset cpu runs anywhere.");
        Device = device(Preset.Device);
        Work = new WorkFolder(options);
    }

    /// <summary>What was asked for.</summary>
    public PretrainOptions Options { get; }

    /// <summary>The sizes.</summary>
    public PretrainPreset Preset => Options.Preset;

    /// <summary>Checkpoints and figures.</summary>
    public WorkFolder Work { get; }

    /// <summary>What is finished.</summary>
    public PretrainState State => Work.State;

    /// <summary>Where training runs.</summary>
    public Device Device { get; }

    /// <summary>Threads that train.</summary>
    public int Workers { get; }

    /// <summary>Asks every stage to stop.</summary>
    public CancellationToken Cancel { get; }

    /// <summary>How long a stage before the denoiser may take: its updates, or its minutes but no more than a fifth of all.</summary>
    public Budget BudgetOf(long steps, double minutes) =>
        new(steps, Options.Steps is null ? Math.Min(minutes, 0.2 * (Options.Minutes ?? Preset.Minutes)) * 60 : double.PositiveInfinity);

    /// <summary>Settings of a stage.</summary>
    public TrainerSettings Settings(string stage, double rate) =>
        new() { Stage = stage, Seed = Options.Seed, LearningRate = rate, CheckpointSeconds = Preset.CheckpointSeconds };

    /// <summary>One learner per worker.</summary>
    public List<T> Learners<T>(Func<T> make) => [.. Enumerable.Range(0, Workers).Select(_ => make())];

    /// <summary>Trains a stage before the denoiser to its end.</summary>
    /// <returns>Seconds and updates of all calls.</returns>
    /// <exception cref="OperationCanceledException">It was stopped; its checkpoint is written.</exception>
    public (double Seconds, long Steps) Train<T>(List<T> learners, TrainerSettings settings, Budget budget, int batch, Func<string> figure)
        where T : Learner
    {
        using var trainer = new ParallelTrainer(learners, settings, Work.PathOf($"{settings.Stage}.checkpoint.safetensors"));
        var done = trainer.Run(budget, status => Report(settings.Stage, status, batch, figure()), Cancel);
        AllThreads();
        return done ? (trainer.Seconds, trainer.Steps) : throw new OperationCanceledException();
    }

    /// <summary>A torch seed for something drawn once in a run.</summary>
    public long SeedFor(string what) => (long)(ParallelTrainer.Mix(Options.Seed, what, 0) >> 1);

    /// <summary>Gives the calling thread every core again, which workers leave at one.</summary>
    public void AllThreads()
    {
        if (Workers > 1)
            set_num_threads(Environment.ProcessorCount);
    }

    /// <summary>The shape of the trained VAE.</summary>
    public AutoencoderKLConfig VaeConfig =>
        State.From is null ? ModelShapes.Vae(Preset, State.Vae!.ScalingFactor) : StartingPoint.VaeConfig(this);

    /// <summary>The trained VAE, with the decoder of stage 5 where there is one.</summary>
    public AutoencoderKL LoadVae()
    {
        var vae = new AutoencoderKL(VaeConfig);
        vae.load_state_dict(Work.Load("vae.safetensors"));
        if (State.Decoder is not null)
            vae.load_state_dict(Work.Load("decoder.safetensors"));
        vae.to(Device);
        return vae;
    }

    /// <summary>Paints scenes, onto the device where that is a GPU.</summary>
    public Tensor Paint(IReadOnlyList<Scene> scenes)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Say("paint", 0, $"painting {scenes.Count:N0} pictures of {Preset.PictureSize}×{Preset.PictureSize}");
        var pictures = WorldPictures.Paint(scenes, Preset.PictureSize, Cancel);
        Work.Update(s => s with { PreparingSeconds = s.PreparingSeconds + clock.Elapsed.TotalSeconds });
        Say("paint", 1, $"{scenes.Count / clock.Elapsed.TotalSeconds:F0} pictures/s");
        return Device.type == DeviceType.CPU ? pictures : pictures.to(Device);
    }

    /// <summary>A progress line of a stage that trains.</summary>
    public void Report(string stage, TrainerStatus status, int batch, string more)
    {
        var left = status.Left is { } seconds ? $"{TimeSpan.FromSeconds(seconds):h\\:mm\\:ss} left" : "";
        Say(stage, status.Progress,
            $"loss {status.Loss:F4}, {status.Pace * batch:F0} pictures/s, {status.Steps:N0} updates, {left} {more}".TrimEnd(' ', ','));
    }

    /// <summary>A progress line.</summary>
    public void Say(string stage, double share, string text) => _progress?.Report(new PretrainProgress(stage, share, text));
}
