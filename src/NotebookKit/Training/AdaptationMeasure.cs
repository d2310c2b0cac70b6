using NotebookKit.Images;
using NotebookKit.Models;
using NotebookKit.Schedulers;
using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>How well a model knows a subject, and how far it has moved from its base.</summary>
/// <param name="SubjectLoss">Mean squared error of the predicted noise on the subject's held-out pictures: the lower, the better they are known.</param>
/// <param name="Drift">How far the predictions under the class prompt moved, against their own size: 0 for the base.</param>
public sealed record Adaptation(double SubjectLoss, double Drift);

/// <summary>
/// Measures a fine-tuned model by its predictions, at noise and timesteps that are the same every time: on pictures of the
/// subject that it was not trained on, and under a prompt of the class without the subject. It needs no sampling, no
/// other network, and differs between two runs only where the models do.
/// </summary>
public sealed class AdaptationMeasure : IDisposable
{
    private static readonly long[] Timesteps = [100, 300, 500, 700, 900];

    private readonly List<(string Prompt, Tensor Noisy, Tensor Noise)> _subject = [];
    private readonly List<(Tensor Noise, Tensor Prediction)> _class = [];
    private readonly string _classPrompt;

    /// <summary>Prepares the measure; the base must be bare.</summary>
    /// <param name="sd">The base.</param>
    /// <param name="heldOut">Pictures of the subject that are not trained on, and their prompts.</param>
    /// <param name="classPrompt">A prompt of the class, without the subject.</param>
    public AdaptationMeasure(StableDiffusion sd, IEnumerable<(RgbImage Picture, string Prompt)> heldOut, string classPrompt)
    {
        ArgumentNullException.ThrowIfNull(sd);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var noising = new DDPMScheduler(sd.SchedulerConfig);
        _classPrompt = classPrompt;
        using var random = new Generator(17);
        var timesteps = tensor(Timesteps).to(sd.Device);
        foreach (var (picture, prompt) in heldOut)
        {
            var latents = sd.EncodeImages(ImageTensor.ToTensor(picture.ResizeAndCenterCrop(sd.SampleSize)).unsqueeze(0).to(sd.Device)).expand(Timesteps.Length, -1, -1, -1);
            var noise = randn(latents.shape, generator: random).to(sd.Device);
            var noisy = noising.AddNoise(latents, noise, timesteps);
            _subject.Add((prompt, Keep(noisy), Keep(noise)));
            _class.Add((Keep(noise), Keep(Predict(sd, classPrompt, noise, timesteps)))); // from pure noise, where nothing but the words leads
        }

        if (_subject.Count == 0)
            throw new BadInputException("Give at least one picture of the subject that is not trained on.");
    }

    /// <summary>Measures what the base has become: with a LoRA attached, a word added, or weights trained.</summary>
    /// <param name="sd">The base, or the same model after fine-tuning.</param>
    public Adaptation Of(StableDiffusion sd)
    {
        ArgumentNullException.ThrowIfNull(sd);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var timesteps = tensor(Timesteps).to(sd.Device);
        var losses = _subject.Select(entry => (double)(Predict(sd, entry.Prompt, entry.Noisy, timesteps) - entry.Noise).square().mean().item<float>());
        var moved = _class.Select(entry => (Predict(sd, _classPrompt, entry.Noise, timesteps) - entry.Prediction).square().sum().item<float>()).Sum();
        var size = _class.Sum(entry => entry.Prediction.square().sum().item<float>());
        return new Adaptation(losses.Average(), Math.Sqrt(moved / size));
    }

    /// <summary>Frees the prepared latents.</summary>
    public void Dispose()
    {
        foreach (var tensor in _subject.SelectMany(entry => (Tensor[])[entry.Noisy, entry.Noise]).Concat(_class.SelectMany(entry => (Tensor[])[entry.Noise, entry.Prediction])).Distinct())
            tensor.Dispose();
    }

    private static Tensor Keep(Tensor tensor) => tensor.DetachFromDisposeScope();

    private static Tensor Predict(StableDiffusion sd, string prompt, Tensor noisy, Tensor timesteps)
    {
        var states = sd.EncodePrompts([prompt]).expand(noisy.shape[0], -1, -1);
        return sd.UNet.call(noisy, timesteps, states).to(ScalarType.Float32);
    }
}
