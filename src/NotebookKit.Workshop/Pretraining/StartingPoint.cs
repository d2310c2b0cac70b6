using NotebookKit.Models;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>
/// A model that a run goes on from instead of from nothing. It is copied into the work folder, so that the run can later be
/// taken up whatever has become of the original. VAE and contrastive stage count as done; the UNet begins with the model's
/// weights, a lower learning rate and the second phase of its timesteps. The text encoder stays as it is: the longer it learns
/// together with a UNet, the more it takes words without meaning for nothing, and the less a learner's identifier can be told
/// from the class word beside it.
/// </summary>
internal static class StartingPoint
{
    /// <summary>What the highest learning rate is multiplied by: weights that are good already must not be shaken loose.</summary>
    public const double RateShare = 0.6;

    private static readonly string[] Parts = ["vae", "unet", "text_encoder"];

    /// <summary>Takes the model over at the first call of a run that was given one.</summary>
    /// <exception cref="BadInputException">The folder lacks a part, a part has another size than the preset's, or the run began
    /// otherwise.</exception>
    public static void Take(PretrainRun run)
    {
        if (run.Options.From is not { } from)
            return;
        if (run.State.Vae is not null)
        {
            if (run.State.From != from)
                throw new BadInputException($"{run.Options.WorkFolder} holds a run that went on from {run.State.From ?? "nothing"}, not "
                    + $"from {from}; leave --from out, or give another folder.");
            return;
        }
        foreach (var part in Parts)
        {
            var source = Path.Combine(from, part);
            if (!Directory.Exists(source))
                throw new BadInputException($"--from {from}: {source} is missing; give the folder of a whole model.");
            Directory.CreateDirectory(Folder(run, part));
            foreach (var file in Directory.GetFiles(source))
                File.Copy(file, Path.Combine(Folder(run, part), Path.GetFileName(file)), overwrite: true);
        }

        using var vae = AutoencoderKL.FromPretrained(Folder(run, "vae"));
        Require(from, "pictures", vae.Config.SampleSize, run.Preset.PictureSize);
        using var unet = UNet2DConditionModel.FromPretrained(Folder(run, "unet"));
        Require(from, "UNet channels", string.Join(", ", unet.Config.BlockOutChannels), string.Join(", ", run.Preset.UNetChannels));
        Require(from, "text states", unet.Config.CrossAttentionDim, run.Preset.TextWidth);
        run.Work.Save("vae.safetensors", vae.state_dict());
        run.Work.Update(s => s with
        {
            From = from,
            Vae = new VaeFigures(0, 0, 0, 0, vae.Config.ScalingFactor),
            Contrastive = new ContrastiveFigures(0, 0, 0, 0),
        });
    }

    /// <summary>The weights of the UNet.</summary>
    public static UNet2DConditionModel UNet(PretrainRun run) => UNet2DConditionModel.FromPretrained(Folder(run, "unet"));

    /// <summary>The text encoder over CLIP's whole vocabulary.</summary>
    public static CLIPTextModel Text(PretrainRun run) => CLIPTextModel.FromPretrained(Folder(run, "text_encoder"));

    /// <summary>The shape of the VAE.</summary>
    public static AutoencoderKLConfig VaeConfig(PretrainRun run) =>
        AutoencoderKLConfig.Load(Path.Combine(Folder(run, "vae"), "config.json"));

    /// <summary>Gives a text encoder over the compact vocabulary the weights of one over the whole.</summary>
    public static void Compact(CLIPTextModel whole, CLIPTextModel compact, IReadOnlyList<int> tokens)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var from = whole.state_dict();
        foreach (var (name, value) in compact.state_dict())
            value.copy_(name.EndsWith("token_embedding.weight", StringComparison.Ordinal)
                ? from[name].index_select(0, tensor([.. tokens.Select(t => (long)t)], dtype: ScalarType.Int64))
                : from[name]);
    }

    private static string Folder(PretrainRun run, string part) => run.Work.PathOf(Path.Combine("from", part));

    private static void Require<T>(string from, string what, T given, T wanted)
    {
        if (!Equals(given, wanted))
            throw new BadInputException($"--from {from}: {what} {given}, where the preset has {wanted}; give another preset or another "
                + "model.");
    }
}
