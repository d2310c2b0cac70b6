using NotebookKit.Schedulers;
using NotebookKit.Workshop.World;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>Stage 4: UNet and text encoder together, or, going on from another model, the UNet alone; measured, drawn from and exported
/// at every checkpoint.</summary>
internal static class DenoiserStage
{
    private const int SwapPictures = 64;

    /// <summary>Trains until the run's budget is used.</summary>
    /// <exception cref="OperationCanceledException">It was stopped; its checkpoint is written.</exception>
    /// <exception cref="BadInputException">The stages before have used the minutes up.</exception>
    public static void Train(PretrainRun run, TrainingData data, IReadOnlyList<Scene> scenes)
    {
        var preset = run.Preset;
        manual_seed(run.SeedFor("unet"));
        using var vae = run.LoadVae();
        var schedule = new SchedulerConfig();
        var textConfig = ModelShapes.Text(preset, data.Captions.Tokens.Count, data.Captions.EndRow);
        var further = run.State.From is not null;
        DenoisingLearner Make() => new(ModelShapes.UNet(preset), textConfig, data, schedule,
            new TimestepBias([.. new NoiseSchedule(schedule).AlphasCumprod], preset.LogitMean, further), preset.Batch,
            textLearns: !further);
        var learners = run.Learners(Make);
        using var averaged = Make(); // the weights that are measured and exported
        Begin(run, [.. learners, averaged], data.Captions);
        var averagedTensors = averaged.Parameters.ToDictionary(p => p.Name, p => p.Value);
        var swaps = new SwappedCaptions(data, schedule, preset, scenes, run.Options.Seed, SwapPictures);
        using var export = new BaseModelExport(data.Captions, vae,
            further ? StartingPoint.Text(run) : BaseModelExport.FreshText(preset, run.Options.Seed));
        var settings = run.Settings("denoiser", preset.LearningRate * (further ? StartingPoint.RateShare : 1)) with
        {
            FlatShare = 0.3,
            EmaDecay = preset.EmaDecay
        };
        using var trainer = new ParallelTrainer(learners, settings, run.Work.PathOf("denoiser.checkpoint.safetensors"));
        var loss = 0.0;
        var done = trainer.Run(BudgetOf(run), status =>
        {
            loss = status.Loss;
            run.Report("denoiser", status, preset.Batch, "");
            if (status.Saved)
                Checkpoint(status);
        }, run.Cancel);
        run.AllThreads();
        if (!done)
            throw new OperationCanceledException();
        if (!File.Exists(Path.Combine(run.Options.Output, "model_index.json")) || run.State.Denoiser.Count == 0
            || run.State.Denoiser[^1].Steps != trainer.Steps)
            Checkpoint(new TrainerStatus(trainer.Steps, trainer.Seconds, 1, loss, true, 0, 0));
        learners.ForEach(l => l.Dispose());

        void Checkpoint(TrainerStatus status)
        {
            using (no_grad())
            {
                foreach (var (name, value) in trainer.NamedAverage())
                    averagedTensors[name].copy_(value);
            }
            var (thing, color, background) = swaps.Measure(averaged.UNet, averaged.Text);
            var figures = new DenoiserFigures(status.Seconds, status.Steps, status.Steps * preset.Batch, status.Loss, thing, color,
                background);
            run.Work.Update(s => s with { Denoiser = [.. s.Denoiser, figures] });
            export.Write(run.Options.Output, averaged.UNet, averaged.Text);
            Finish(run, $"samples-{status.Seconds / 60:000}.png");
            run.Say("denoiser", status.Progress, $"swapped captions: class {thing.Share:P0} ({thing.Gain:F1} %), colour {color.Share:P0} "
                + $"({color.Gain:F1} %), background {background.Share:P0} ({background.Gain:F1} %); exported");
        }
    }

    // What learns need be given to the first alone: the trainer hands it on. A text encoder that stays is every one's own.
    private static void Begin(PretrainRun run, IReadOnlyList<DenoisingLearner> learners, CaptionTable captions)
    {
        if (run.State.From is null)
        {
            DenoisingLearner.Start(learners[0].UNet, (ulong)run.SeedFor("proj_out"));
            learners[0].Text.load_state_dict(run.Work.Load("text.safetensors"));
            return;
        }
        using var unet = StartingPoint.UNet(run);
        using var text = StartingPoint.Text(run);
        learners[0].UNet.load_state_dict(unet.state_dict());
        foreach (var learner in learners)
            StartingPoint.Compact(text, learner.Text, captions.Tokens);
    }

    /// <summary>Puts the newest decoder into the exported model.</summary>
    public static void ExportVae(PretrainRun run)
    {
        using var vae = run.LoadVae();
        vae.SavePretrained(Path.Combine(run.Options.Output, "vae"), ScalarType.Float16);
        Finish(run, "samples-decoder.png");
    }

    /// <summary>Writes the card beside the exported weights and draws the sample grid with them.</summary>
    private static void Finish(PretrainRun run, string grid)
    {
        BaseModelExport.WriteCard(run.Options.Output,
            ModelCard.Write(run.Options, run.State, BaseModelExport.WeightBytes(run.Options.Output)));
        var shown = Path.Combine(run.Options.Output, "samples.png");
        SampleGrid.Save(run.Options.Output, run.Preset.GridPictures, shown, run.Device);
        File.Copy(shown, run.Work.PathOf(grid), overwrite: true);
    }

    private static Budget BudgetOf(PretrainRun run)
    {
        if (run.Options.Steps is { } steps)
            return new Budget(steps, double.PositiveInfinity);
        var minutes = run.Options.Minutes ?? run.Preset.Minutes;
        var decoder = run.State.Decoder?.Seconds ?? run.BudgetOf(run.Preset.DecoderSteps, run.Preset.DecoderMinutes).Seconds;
        var others = run.State.PreparingSeconds + run.State.Vae!.Seconds + run.State.Contrastive!.Seconds + decoder;
        return minutes * 60 > others
            ? new Budget(long.MaxValue, (minutes * 60) - others)
            : throw new BadInputException($"--minutes: the other stages take {others / 60:F1} minutes; give more than that.");
    }
}
