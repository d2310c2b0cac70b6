using NotebookKit.Models;
using NotebookKit.Schedulers;
using NotebookKit.Training.Data;
using NotebookKit.Training.Loss;
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
    private readonly TrainingData _data;
    private readonly SchedulerConfig _schedule;
    private readonly Dictionary<CaptionAttribute, (Tensor Pictures, Tensor True, Tensor Wrong)> _cases = [];

    /// <summary>Prepares the captions.</summary>
    /// <param name="data">Latents.</param>
    /// <param name="schedule">How noise grows.</param>
    /// <param name="preset">Which scenes are kept back.</param>
    /// <param name="scenes">All scenes of the run.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="count">How many of the pictures kept back are used.</param>
    public SwappedCaptions(TrainingData data, SchedulerConfig schedule, PretrainPreset preset, IReadOnlyList<Scene> scenes, ulong seed,
        int count)
    {
        this._data = data;
        this._schedule = schedule;
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
                _cases[attribute] = (tensor(pictures.ToArray(), dtype: ScalarType.Int64).to(data.Latents.device), Ids(right), Ids(wrong));
        }
    }

    /// <summary>Measures a model: class, colour, background.</summary>
    public (SwapShare Class, SwapShare Color, SwapShare Background) Measure(UNet2DConditionModel unet, CLIPTextModel text) =>
        (Measure(CaptionAttribute.Class, unet, text), Measure(CaptionAttribute.Color, unet, text),
            Measure(CaptionAttribute.Background, unet, text));

    private SwapShare Measure(CaptionAttribute attribute, UNet2DConditionModel unet, CLIPTextModel text)
    {
        if (!_cases.TryGetValue(attribute, out var captions))
            return new SwapShare(0.5, 0);
        using var noGrad = no_grad();
        using var generator = new Generator(7, _data.Latents.device);
        using var loss = new DenoisingLoss(unet, _schedule);
        double better = 0, right = 0, wrong = 0;
        foreach (var timestep in Timesteps)
        {
            using var scope = NewDisposeScope();
            var latents = _data.HeldOutLatents.index_select(0, captions.Pictures);
            var noise = randn(latents.shape, device: latents.device, generator: generator);
            var t = full([latents.shape[0]], timestep, dtype: ScalarType.Int64, device: latents.device);
            var errorRight = Error(captions.True);
            var errorWrong = Error(captions.Wrong);
            better += errorRight.lt(errorWrong).to(ScalarType.Float32).mean().item<float>() / Timesteps.Length;
            right += errorRight.mean().item<float>();
            wrong += errorWrong.mean().item<float>();

            Tensor Error(Tensor ids) =>
                loss.Errors(new TrainBatch(latents, noise, t, text.call(ids).LastHiddenState, (int)latents.shape[0]));
        }
        return new SwapShare(better, 100 * ((wrong / right) - 1));
    }

    private Tensor Ids(List<string> captions) => _data.Captions.Encode([.. captions]).to(_data.Latents.device).to(ScalarType.Int64);
}
