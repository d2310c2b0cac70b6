using System.Diagnostics;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>
/// Makes a miniature Stable Diffusion from nothing, in five stages: paint the world, train the VAE, train the text
/// encoder contrastively, train UNet and text encoder together, sharpen the VAE's decoder. Every stage leaves a
/// checkpoint; a run that was stopped or killed goes on where it was, and a finished one can be given more minutes.
/// </summary>
public static class Pretrainer
{
    /// <summary>Runs what is left of a run.</summary>
    /// <param name="options">What to make.</param>
    /// <param name="progress">Told about every stage, some times a minute.</param>
    /// <param name="cancel">Stops cleanly: the work is kept.</param>
    /// <returns>Where the run stands; <see cref="PretrainResult.Finished"/> is false when it was stopped.</returns>
    /// <exception cref="BadInputException">Options that cannot be followed, or a work folder of another run.</exception>
    public static PretrainResult Run(PretrainOptions options, IProgress<PretrainProgress>? progress = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var run = new PretrainRun(options, progress, cancel);
        var clock = Stopwatch.StartNew();
        var finished = false;
        try
        {
            Stages(run);
            finished = true;
        }
        catch (OperationCanceledException)
        {
            run.Say("stopped", 0, "stopped; --resume goes on from here.");
        }
        var last = run.State.Denoiser.Count > 0 ? run.State.Denoiser[^1] : null;
        var bytes = File.Exists(Path.Combine(options.Output, "model_index.json")) ? BaseModelExport.WeightBytes(options.Output) : 0;
        return new PretrainResult(finished, options.Output, clock.Elapsed.TotalSeconds, run.State.Vae, run.State.Contrastive, last,
            run.State.Decoder, bytes);
    }

    private static void Stages(PretrainRun run)
    {
        var scenes = Diet.Scenes(run.Preset, run.Options.Seed);
        var captions = new CaptionTable(run.Preset, scenes, run.Options.Seed);
        if (run.State.Vae is not null && run.State.Captions != captions.Fingerprint)
            throw new BadInputException($"{run.Options.WorkFolder} was begun with another version of the toy world; start over in another "
                + "folder.");
        run.Work.Update(s => s with { Captions = captions.Fingerprint });
        StartingPoint.Take(run);
        run.Say("prepare", 1, $"{scenes.Count:N0} scenes, {captions.WordRows} token rows for the captions' words, {captions.Longest} "
            + "tokens at most");
        var data = VaeStage.Latents(run, scenes, captions);
        TextStage.Train(run, data);
        DenoiserStage.Train(run, data, scenes);
        if (run.State is { Decoder: null, From: null } && run.Preset.DecoderSteps > 0)
        {
            VaeStage.TrainDecoder(run, scenes);
            DenoiserStage.ExportVae(run);
        }
    }
}
