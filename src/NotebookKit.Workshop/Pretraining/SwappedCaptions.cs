using NotebookKit.Models;
using NotebookKit.Workshop.World;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>
/// Whether the denoiser reads its captions: on held-out pictures at three noise levels, how often the true caption gives
/// a lower error than the same caption with one word swapped. It shows prompt-following long before samples do, and
/// orders training recipes as samples do, which the plain error does not.
/// </summary>
internal sealed class SwappedCaptions
{
    private static readonly long[] Timesteps = [350, 550, 750];
    private readonly TrainingData data;
    private readonly Tensor alphasCumprod;
    private readonly Dictionary<CaptionAttribute, (Tensor Pictures, Tensor True, Tensor Wrong)> cases = [];

    /// <summary>Prepares the captions.</summary>
    /// <param name="data">Latents.</param>
    /// <param name="alphasCumprod">The schedule's ᾱ.</param>
    /// <param name="preset">Which scenes are kept back.</param>
    /// <param name="scenes">All scenes of the run.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="count">How many of the pictures kept back are used.</param>
    public SwappedCaptions(TrainingData data, Tensor alphasCumprod, PretrainPreset preset, IReadOnlyList<Scene> scenes, ulong seed, int count)
    {
        this.data = data;
        this.alphasCumprod = alphasCumprod.to(ScalarType.Float32).to(data.Latents.device);
        var random = new WorldRandom(seed, 77);
        foreach (var attribute in new[] { CaptionAttribute.Class, CaptionAttribute.Color, CaptionAttribute.Background })
        {
            var pictures = new List<long>();
            var (right, wrong) = (new List<string>(), new List<string>());
            for (var i = 0; i < Math.Min(count, preset.HeldOut); i++)
            {
                // What is worn is left out: a hat on the wrong class would be two wrong words.
                var caption = SceneCaptions.Full(scenes[preset.Pictures + i]) with { Accessory = null };
                if (!caption.Mentions(attribute))
                    continue;
                pictures.Add(i);
                right.Add(caption.Text);
                wrong.Add(caption.WithWrong(attribute, random, preset.World).Text);
            }
            if (pictures.Count > 0)
                cases[attribute] = (tensor(pictures.ToArray(), dtype: ScalarType.Int64).to(data.Latents.device), Ids(right), Ids(wrong));
        }
    }

    /// <summary>Measures a model: class, colour, background.</summary>
    public (SwapShare Class, SwapShare Color, SwapShare Background) Measure(UNet2DConditionModel unet, CLIPTextModel text) =>
        (Measure(CaptionAttribute.Class, unet, text), Measure(CaptionAttribute.Color, unet, text), Measure(CaptionAttribute.Background, unet, text));

    private SwapShare Measure(CaptionAttribute attribute, UNet2DConditionModel unet, CLIPTextModel text)
    {
        if (!cases.TryGetValue(attribute, out var captions))
            return new SwapShare(0.5, 0);
        using var noGrad = no_grad();
        using var generator = new Generator(7, data.Latents.device);
        double better = 0, right = 0, wrong = 0;
        foreach (var timestep in Timesteps)
        {
            using var scope = NewDisposeScope();
            var latents = data.HeldOutLatents.index_select(0, captions.Pictures);
            var noise = randn(latents.shape, device: latents.device, generator: generator);
            var alpha = alphasCumprod[timestep];
            var noised = (latents * alpha.sqrt()) + (noise * (1 - alpha).sqrt());
            var t = full([latents.shape[0]], timestep, dtype: ScalarType.Int64, device: latents.device);
            var errorRight = Error(unet, text, noised, t, captions.True, noise);
            var errorWrong = Error(unet, text, noised, t, captions.Wrong, noise);
            better += errorRight.lt(errorWrong).to(ScalarType.Float32).mean().item<float>() / Timesteps.Length;
            right += errorRight.mean().item<float>();
            wrong += errorWrong.mean().item<float>();
        }
        return new SwapShare(better, 100 * ((wrong / right) - 1));
    }

    private static Tensor Error(UNet2DConditionModel unet, CLIPTextModel text, Tensor noised, Tensor timesteps, Tensor captions, Tensor noise) =>
        (unet.call(noised, timesteps, text.call(captions).LastHiddenState) - noise).pow(2).mean([1, 2, 3]);

    private Tensor Ids(List<string> captions) => data.Captions.Encode([.. captions]).to(data.Latents.device).to(ScalarType.Int64);
}
