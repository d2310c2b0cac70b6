using System.Globalization;
using NotebookKit.Pipeline;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Tools;

/// <summary>
/// The proof that a saved file is the network that was saved: it is loaded into a base that has never seen the network,
/// and the two predict the noise of the same latents under the same prompt.
/// </summary>
/// <param name="MaxDifference">The largest difference between the two predictions.</param>
/// <param name="Effect">The largest difference that the LoRA makes to the base: what the other is to be measured by.</param>
/// <param name="Largest">The largest number of the prediction.</param>
/// <param name="FreshBase">Whether the base was loaded anew from its folder; else the same base with the live network switched off.</param>
public sealed record LoraProof(double MaxDifference, double Effect, double Largest, bool FreshBase)
{
    /// <summary>Proves a file.</summary>
    /// <param name="path">The file as saved.</param>
    /// <param name="sd">The base with the live network attached, and no other.</param>
    /// <param name="live">The network that was saved.</param>
    /// <param name="freshBase">
    /// Load the base anew, which takes the memory of a second one. Without it the file is loaded into the same base with the
    /// live network switched off, which is the base to the bit.
    /// </param>
    /// <exception cref="BadInputException">The file does not load whole.</exception>
    public static LoraProof Of(string path, StableDiffusion sd, LoraNetwork live, bool freshBase = true)
    {
        ArgumentNullException.ThrowIfNull(sd);
        ArgumentNullException.ThrowIfNull(live);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var expected = Predict(sd);
        var (unet, text) = (live.UNetMultiplier, live.TextMultiplier);
        live.Multiplier = 0;
        try
        {
            var bare = Predict(sd);
            var fresh = freshBase && Directory.Exists(sd.Folder)
                ? StableDiffusion.Load(sd.Folder, sd.Device, sd.UNet.parameters().First().dtype) : null;
            try
            {
                using var loaded = LoraNetwork.Load(path, fresh ?? sd, strict: true);
                (loaded.UNetMultiplier, loaded.TextMultiplier) = (unet, text);
                var actual = Predict(fresh ?? sd);
                return new LoraProof(Apart(expected, actual), Apart(expected, bare), expected.abs().max().item<float>(), fresh is not null);
            }
            finally
            {
                fresh?.Dispose();
            }
        }
        finally
        {
            (live.UNetMultiplier, live.TextMultiplier) = (unet, text);
        }
    }

    /// <summary>One line: "reloaded into a fresh base it predicts the same: largest difference 3E-05 of 1.2 (the LoRA changes up to
    /// 0.4)".</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"reloaded into {(FreshBase ? "a fresh base" : "the bare base")}: largest difference {MaxDifference:0.##E+0} "
        + $"where the LoRA itself changes up to {Effect:0.###} of {Largest:0.##}");

    /// <summary>Whether a base, as it is now, predicts numbers.</summary>
    /// <param name="sd">The base.</param>
    internal static bool Predicts(StableDiffusion sd)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        return Predict(sd).isfinite().all().item<bool>();
    }

    private static Tensor Predict(StableDiffusion sd)
    {
        using var random = new Generator(20);
        var side = Math.Min(sd.UNet.Config.SampleSize ?? 64, 32);
        var dtype = sd.UNet.parameters().First().dtype;
        var latents = randn([1, sd.UNet.Config.InChannels, side, side], generator: random).to(dtype, sd.Device);
        var states = sd.EncodePrompts(["photo of zwx rabbit toy on the beach"]);
        return sd.UNet.call(latents, tensor(new[] { 500f }, device: sd.Device), states.to(dtype)).to(ScalarType.Float32);
    }

    private static double Apart(Tensor one, Tensor other) => (one - other).abs().max().item<float>();
}
