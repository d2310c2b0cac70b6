using System.Diagnostics;
using NotebookKit.Models;
using NotebookKit.Schedulers;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.ToyWorld.Pretraining;

/// <summary>
/// Makes a miniature Stable Diffusion from nothing, in four stages: paint the world, train the VAE, train the text
/// encoder contrastively, train UNet and text encoder together. Every stage leaves a checkpoint; a run that was stopped
/// or killed goes on where it was, and a finished one can be given more minutes.
/// </summary>
public sealed class Pretrainer
{
    private const int SwapPictures = 64;
    private readonly PretrainOptions options;
    private readonly PretrainPreset preset;
    private readonly IProgress<PretrainProgress>? progress;
    private readonly CancellationToken cancel;
    private readonly WorkFolder work;
    private readonly Device device;
    private readonly int workers;

    private Pretrainer(PretrainOptions options, IProgress<PretrainProgress>? progress, CancellationToken cancel)
    {
        this.options = options;
        this.progress = progress;
        this.cancel = cancel;
        preset = options.Preset;
        workers = options.Workers ?? preset.Workers;
        if (workers < 1)
            throw new BadInputException($"--workers: {workers} is less than 1.");
        if (workers > 1 && preset.Device != "cpu")
            throw new BadInputException("--workers: several workers share the processor's memory; on a GPU use 1.");
        if (preset.Device == "cuda" && !cuda.is_available())
            throw new BadInputException("--preset cuda: this machine has no CUDA device that torch can use; --preset cpu runs anywhere.");
        device = torch.device(preset.Device);
        work = new WorkFolder(options);
    }

    /// <summary>Runs what is left of a run.</summary>
    /// <param name="options">What to make.</param>
    /// <param name="progress">Told about every stage, some times a minute.</param>
    /// <param name="cancel">Stops cleanly: the work is kept.</param>
    /// <returns>Where the run stands; <see cref="PretrainResult.Finished"/> is false when it was stopped.</returns>
    /// <exception cref="BadInputException">Options that cannot be followed, or a work folder of another run.</exception>
    public static PretrainResult Run(PretrainOptions options, IProgress<PretrainProgress>? progress = null, CancellationToken cancel = default) =>
        new Pretrainer(options, progress, cancel).Run();

    private PretrainResult Run()
    {
        var clock = Stopwatch.StartNew();
        var finished = false;
        try
        {
            finished = Stages();
        }
        catch (OperationCanceledException)
        {
            Say("stopped", 0, "stopped; --resume goes on from here.");
        }
        var state = work.State;
        var last = state.Denoiser.Count > 0 ? state.Denoiser[^1] : null;
        var exported = File.Exists(Path.Combine(options.Output, "model_index.json"));
        return new PretrainResult(finished, options.Output, clock.Elapsed.TotalSeconds, last?.Pictures ?? 0, state.Vae, state.Contrastive, last, exported ? BaseModelExport.WeightBytes(options.Output) : 0);
    }

    private bool Stages()
    {
        var scenes = WorldPictures.Scenes(preset, options.Seed);
        var captions = new CaptionTable(preset, scenes, options.Seed);
        if (work.State.Vae is not null && work.State.Captions != captions.Fingerprint)
            throw new BadInputException($"{options.WorkFolder} was begun with another version of the toy world; start over in another folder.");
        work.Update(s => s with { Captions = captions.Fingerprint });
        Say("prepare", 1, $"{scenes.Count:N0} scenes, {captions.WordRows} token rows for the captions' words, {captions.Longest} tokens at most");
        var (vae, data) = Latents(scenes, captions);
        using (vae)
        {
            TrainText(data);
            return TrainDenoiser(vae, data, scenes);
        }
    }

    private (AutoencoderKL Vae, TrainingData Data) Latents(IReadOnlyList<Scene> scenes, CaptionTable captions)
    {
        if (work.State.Vae is null || !File.Exists(work.PathOf("latents.safetensors")))
        {
            using var pictures = Paint(scenes);
            if (work.State.Vae is null)
                TrainVae(pictures);
            using var trained = LoadVae();
            var clock = Stopwatch.StartNew();
            Say("encode", 0, "encoding all pictures and their mirror images");
            using var all = LatentSet.Encode(trained, pictures.narrow(0, 0, preset.Pictures), device, workers, cancel);
            using var held = LatentSet.Encode(trained, pictures.narrow(0, preset.Pictures, preset.HeldOut), device, workers, cancel);
            AllThreads();
            work.Save("latents.safetensors", new Dictionary<string, Tensor> { ["training"] = all, ["held_out"] = held });
            var factor = LatentSet.ScalingFactor(all);
            work.Update(s => s with { Vae = s.Vae! with { ScalingFactor = factor }, PreparingSeconds = s.PreparingSeconds + clock.Elapsed.TotalSeconds });
        }
        var latents = work.Load("latents.safetensors");
        var data = new TrainingData(latents["training"], latents["held_out"], work.State.Vae!.ScalingFactor, captions, preset.CaptionsPerPicture, device);
        return (LoadVae(), data);
    }

    private Tensor Paint(IReadOnlyList<Scene> scenes)
    {
        var clock = Stopwatch.StartNew();
        Say("paint", 0, $"painting {scenes.Count:N0} pictures of {preset.PictureSize}×{preset.PictureSize}");
        var pictures = WorldPictures.Paint(scenes, preset.PictureSize, cancel);
        work.Update(s => s with { PreparingSeconds = s.PreparingSeconds + clock.Elapsed.TotalSeconds });
        Say("paint", 1, $"{scenes.Count / clock.Elapsed.TotalSeconds:F0} pictures/s");
        return device.type == DeviceType.CPU ? pictures : pictures.to(device);
    }

    private void TrainVae(Tensor pictures)
    {
        using var training = pictures.narrow(0, 0, preset.Pictures);
        using var held = pictures.narrow(0, preset.Pictures, Math.Min(64, preset.HeldOut));
        manual_seed((long)(options.Seed >> 1));
        var learners = Learners(_ => new VaeLearner(ModelShapes.Vae(preset, 1), training, preset.VaeBatch, device));
        using (var scope = NewDisposeScope())
            VaeLearner.Start(learners[0].Vae, new PatchPca(WorldPictures.ToModel(training.narrow(0, 0, Math.Min(500, preset.Pictures))), 1 << (preset.VaeChannels.Length - 1), 4));
        var linear = VaeLearner.Psnr(learners[0].Vae, held, device);
        Say("vae", 0, $"linear code: {linear:F1} dB");
        using var trainer = new ParallelTrainer(learners, Settings("vae", 2e-3) with { Beta2 = 0.99 }, work.PathOf("vae.checkpoint.safetensors"));
        var done = trainer.Run(BudgetOf(preset.VaeSteps, preset.VaeMinutes), status => Report("vae", status, preset.VaeBatch, () => $"{VaeLearner.Psnr(learners[0].Vae, held, device):F1} dB"), cancel);
        AllThreads();
        if (!done)
            throw new OperationCanceledException();
        var psnr = VaeLearner.Psnr(learners[0].Vae, held, device);
        SaveReconstructions(learners[0].Vae, held);
        work.Save("vae.safetensors", learners[0].Vae.state_dict());
        work.Update(s => s with { Vae = new VaeFigures(trainer.Seconds, trainer.Steps, trainer.Steps * preset.VaeBatch, linear, psnr, 1) });
        Say("vae", 1, $"held-out PSNR {psnr:F1} dB (linear code {linear:F1} dB)");
        learners.ForEach(l => l.Dispose());
    }

    private void TrainText(TrainingData data)
    {
        if (work.State.Contrastive is not null)
            return;
        manual_seed((long)(ParallelTrainer.Mix(options.Seed, "text", 0) >> 1));
        var config = ModelShapes.Text(preset, data.Captions.Tokens.Count, data.Captions.EndRow);
        var learners = Learners(_ => new ContrastiveLearner(config, data, preset.ContrastiveBatch));
        ModelShapes.StartText(learners[0].Text);
        using var trainer = new ParallelTrainer(learners, Settings("contrastive", 2e-3), work.PathOf("contrastive.checkpoint.safetensors"));
        var done = trainer.Run(BudgetOf(preset.ContrastiveSteps, preset.ContrastiveMinutes), status => Report("contrastive", status, preset.ContrastiveBatch, () => $"recall {learners[0].Recall():P0}"), cancel);
        AllThreads();
        if (!done)
            throw new OperationCanceledException();
        var recall = learners[0].Recall();
        work.Save("text.safetensors", learners[0].Text.state_dict());
        work.Update(s => s with { Contrastive = new ContrastiveFigures(trainer.Seconds, trainer.Steps, recall, preset.HeldOut) });
        Say("contrastive", 1, $"own caption nearest of {preset.HeldOut} for {recall:P0}");
        learners.ForEach(l => l.Dispose());
    }

    private bool TrainDenoiser(AutoencoderKL vae, TrainingData data, IReadOnlyList<Scene> scenes)
    {
        manual_seed((long)(ParallelTrainer.Mix(options.Seed, "unet", 0) >> 1));
        var alphas = new DDIMScheduler(new SchedulerConfig()).AlphasCumprod;
        var textConfig = ModelShapes.Text(preset, data.Captions.Tokens.Count, data.Captions.EndRow);
        DenoisingLearner Make() => new(ModelShapes.UNet(preset), textConfig, data, alphas, preset.LogitMean, preset.Batch);
        var learners = Learners(_ => Make());
        DenoisingLearner.Start(learners[0].UNet, ParallelTrainer.Mix(options.Seed, "proj_out", 0) >> 1);
        learners[0].Text.load_state_dict(work.Load("text.safetensors"));
        using var averaged = Make(); // the weights that are measured and exported
        var averagedTensors = averaged.Parameters.ToDictionary(p => p.Name, p => p.Value);
        var swaps = new SwappedCaptions(data, alphas, preset, scenes, options.Seed, SwapPictures);
        using var export = new BaseModelExport(preset, data.Captions, vae, options.Seed);
        var settings = Settings("denoiser", preset.LearningRate) with { FlatShare = 0.3, EmaDecay = preset.EmaDecay };
        using var trainer = new ParallelTrainer(learners, settings, work.PathOf("denoiser.checkpoint.safetensors"));

        double spent = work.State.PreparingSeconds + work.State.Vae!.Seconds + work.State.Contrastive!.Seconds;
        var seconds = ((options.Minutes ?? preset.Minutes) * 60) - spent;
        if (options.Steps is null && seconds <= 0)
            throw new BadInputException($"--minutes: the stages before took {spent / 60:F1} minutes already; give more.");
        var budget = options.Steps is { } steps ? new Budget(steps, double.PositiveInfinity) : new Budget(long.MaxValue, seconds);
        var loss = 0.0;
        var done = trainer.Run(budget, status =>
        {
            loss = status.Loss;
            Report("denoiser", status, preset.Batch, () => "");
            if (status.Saved)
                Checkpoint(status);
        }, cancel);
        AllThreads();
        if (!done)
            throw new OperationCanceledException();
        if (!File.Exists(Path.Combine(options.Output, "model_index.json")) || work.State.Denoiser.Count == 0 || work.State.Denoiser[^1].Steps != trainer.Steps)
            Checkpoint(new TrainerStatus(trainer.Steps, trainer.Seconds, 1, loss, true));
        learners.ForEach(l => l.Dispose());
        return true;

        void Checkpoint(TrainerStatus status)
        {
            using (no_grad())
            {
                foreach (var (name, value) in trainer.NamedAverage())
                    averagedTensors[name].copy_(value);
            }
            var (thing, color, background) = swaps.Measure(averaged.UNet, averaged.Text);
            work.Update(s => s with { Denoiser = [.. s.Denoiser, new DenoiserFigures(status.Seconds, status.Steps, status.Steps * preset.Batch, status.Loss, thing, color, background)] });
            export.Write(options.Output, averaged.UNet, averaged.Text);
            BaseModelExport.WriteCard(options.Output, ModelCard.Write(options, work.State, BaseModelExport.WeightBytes(options.Output)));
            SampleGrid.Save(options.Output, preset.GridPictures, work.PathOf($"samples-{status.Seconds / 60:000}.png"), device);
            Say("denoiser", status.Progress, $"swapped captions: class {thing.Share:P0} ({thing.Gain:F1} %), colour {color.Share:P0} ({color.Gain:F1} %), background {background.Share:P0} ({background.Gain:F1} %); exported");
        }
    }

    private TrainerSettings Settings(string stage, double rate) =>
        new() { Stage = stage, Seed = options.Seed, LearningRate = rate, CheckpointSeconds = preset.CheckpointSeconds };

    private Budget BudgetOf(long steps, double minutes) =>
        new(steps, options.Steps is null ? Math.Min(minutes, 0.15 * (options.Minutes ?? preset.Minutes)) * 60 : double.PositiveInfinity);

    private List<T> Learners<T>(Func<int, T> make) => [.. Enumerable.Range(0, workers).Select(make)];

    private void AllThreads()
    {
        if (workers > 1)
            set_num_threads(Environment.ProcessorCount);
    }

    private AutoencoderKL LoadVae()
    {
        var vae = new AutoencoderKL(ModelShapes.Vae(preset, work.State.Vae!.ScalingFactor));
        vae.load_state_dict(work.Load("vae.safetensors"));
        vae.to(device);
        return vae;
    }

    private void SaveReconstructions(AutoencoderKL vae, Tensor held)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var count = (int)Math.Min(8, held.shape[0]);
        var images = WorldPictures.ToModel(held.narrow(0, 0, count).to(device));
        var made = vae.Decode(vae.Encode(images).Mean).cpu();
        var shown = Enumerable.Range(0, count).Select(i => Images.ImageTensor.FromTensor(images.cpu()[i])).Concat(Enumerable.Range(0, count).Select(i => Images.ImageTensor.FromTensor(made[i]))).ToList();
        Images.ImageGrid.Render(shown, count, cell: 128).SavePng(work.PathOf("reconstructions.png"));
    }

    private void Report(string stage, TrainerStatus status, int batch, Func<string> more)
    {
        var left = status.Progress > 0 ? status.Seconds * (1 - status.Progress) / status.Progress : 0;
        Say(stage, status.Progress, $"loss {status.Loss:F4}, {status.Steps * batch / status.Seconds:F0} pictures/s, {status.Steps:N0} updates, {TimeSpan.FromSeconds(left):h\\:mm\\:ss} left {more()}");
    }

    private void Say(string stage, double share, string text) => progress?.Report(new PretrainProgress(stage, share, text));
}
