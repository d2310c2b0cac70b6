using System.Diagnostics;
using NotebookKit.Images;
using NotebookKit.Models;
using NotebookKit.Workshop.World;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>Stages 1, 2 and 5: paint the world, train the VAE and encode every picture; at the end, sharpen its decoder.</summary>
internal static class VaeStage
{
    private const int MeasuredPictures = 64;

    /// <summary>The latents of all pictures and their mirror images, from the work folder or made now.</summary>
    public static TrainingData Latents(PretrainRun run, IReadOnlyList<Scene> scenes, CaptionTable captions)
    {
        if (run.State.Vae is null || !File.Exists(run.Work.PathOf("latents.safetensors")))
        {
            using var pictures = run.Paint(scenes);
            if (run.State.Vae is null)
                Train(run, pictures);
            Encode(run, pictures);
        }
        var latents = run.Work.Load("latents.safetensors");
        return new TrainingData(latents["training"], latents["held_out"], ModelShapes.Vae(run.Preset, run.State.Vae!.ScalingFactor),
            captions, run.Preset.CaptionsPerPicture, run.Device);
    }

    /// <summary>Stage 5: trains the decoder alone, unless that is done.</summary>
    public static void TrainDecoder(PretrainRun run, IReadOnlyList<Scene> scenes)
    {
        if (run.State.Decoder is not null)
            return;
        var preset = run.Preset;
        using var pictures = run.Paint(scenes);
        using var training = pictures.narrow(0, 0, preset.Pictures);
        using var held = HeldOut(run, pictures);
        var weights = run.Work.Load("vae.safetensors");
        var config = run.VaeConfig;
        var learners = run.Learners(() => new DecoderLearner(config, weights, training, preset.VaeBatch, run.Device));
        var settings = run.Settings("decoder", 1e-3) with { Beta2 = 0.99 };
        var (seconds, steps) = run.Train(learners, settings, run.BudgetOf(preset.DecoderSteps, preset.DecoderMinutes), preset.VaeBatch,
            () => Figure(run, learners[0].Vae, held));
        var psnr = VaeLearner.Psnr(learners[0].Vae, held, run.Device);
        SaveReconstructions(run, learners[0].Vae, held);
        run.Work.Save("decoder.safetensors", learners[0].Vae.state_dict());
        run.Work.Update(s => s with { Decoder = new DecoderFigures(seconds, steps, steps * preset.VaeBatch, psnr) });
        run.Say("decoder", 1, $"held-out PSNR {psnr:F1} dB (before: {run.State.Vae!.Psnr:F1} dB)");
        learners.ForEach(l => l.Dispose());
    }

    private static void Train(PretrainRun run, Tensor pictures)
    {
        var preset = run.Preset;
        using var training = pictures.narrow(0, 0, preset.Pictures);
        using var held = HeldOut(run, pictures);
        manual_seed(run.SeedFor("vae"));
        var learners = run.Learners(() => new VaeLearner(ModelShapes.Vae(preset, 1), training, preset.VaeBatch, run.Device));
        using (NewDisposeScope())
        {
            var patch = 1 << (preset.VaeChannels.Length - 1);
            VaeLearner.Start(learners[0].Vae, new PatchPca(WorldPictures.ToModel(training.narrow(0, 0, Math.Min(500, preset.Pictures))),
                patch, 4));
        }
        var settings = run.Settings("vae", 2e-3) with { Beta2 = 0.99 };
        var (seconds, steps) = run.Train(learners, settings, run.BudgetOf(preset.VaeSteps, preset.VaeMinutes), preset.VaeBatch,
            () => Figure(run, learners[0].Vae, held));
        var psnr = VaeLearner.Psnr(learners[0].Vae, held, run.Device);
        SaveReconstructions(run, learners[0].Vae, held);
        run.Work.Save("vae.safetensors", learners[0].Vae.state_dict());
        run.Work.Update(s => s with { Vae = new VaeFigures(seconds, steps, steps * preset.VaeBatch, psnr, 1) });
        run.Say("vae", 1, $"held-out PSNR {psnr:F1} dB");
        learners.ForEach(l => l.Dispose());
    }

    private static void Encode(PretrainRun run, Tensor pictures)
    {
        var preset = run.Preset;
        var clock = Stopwatch.StartNew();
        run.Say("encode", 0, "encoding all pictures and their mirror images");
        using var vae = run.LoadVae();
        using var all = LatentSet.Encode(vae, pictures.narrow(0, 0, preset.Pictures), run.Device, run.Workers, run.Cancel);
        using var held = LatentSet.Encode(vae, pictures.narrow(0, preset.Pictures, preset.HeldOut), run.Device, run.Workers, run.Cancel);
        run.AllThreads();
        run.Work.Save("latents.safetensors", new Dictionary<string, Tensor> { ["training"] = all, ["held_out"] = held });
        // A model that training goes on from keeps its own factor, or its denoiser would have to learn another.
        var factor = run.State.From is null ? LatentSet.ScalingFactor(all) : run.State.Vae!.ScalingFactor;
        run.Work.Update(s => s with
        {
            Vae = s.Vae! with { ScalingFactor = factor },
            PreparingSeconds = s.PreparingSeconds + clock.Elapsed.TotalSeconds
        });
    }

    private static Tensor HeldOut(PretrainRun run, Tensor pictures) =>
        pictures.narrow(0, run.Preset.Pictures, Math.Min(MeasuredPictures, run.Preset.HeldOut));

    private static string Figure(PretrainRun run, AutoencoderKL vae, Tensor held) => $"{VaeLearner.Psnr(vae, held, run.Device):F1} dB";

    private static void SaveReconstructions(PretrainRun run, AutoencoderKL vae, Tensor held)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var count = (int)Math.Min(8, held.shape[0]);
        var images = WorldPictures.ToModel(held.narrow(0, 0, count).to(run.Device));
        var both = cat([images, vae.Decode(vae.Encode(images).Mean)], 0).cpu();
        var shown = Enumerable.Range(0, 2 * count).Select(i => ImageTensor.FromTensor(both[i])).ToList();
        ImageGrid.Render(shown, count, cell: 128).SavePng(run.Work.PathOf("reconstructions.png"));
    }
}
