using NotebookKit.Models;
using NotebookKit.Schedulers;
using NotebookKit.Training.Data;
using NotebookKit.Training.Loss;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>Stage 4: the UNet predicts the noise in noised latents from the text encoder's states; both learn together, unless the text
/// encoder is to stay as it is.</summary>
internal sealed class DenoisingLearner : Learner
{
    private const double CaptionDropout = 0.1;
    private const double ContextRate = 2;
    private const double TextRate = 0.5;
    private readonly TrainingData _data;
    private readonly DenoisingLoss _loss;
    private readonly TimestepBias _bias;
    private readonly int _batch;

    /// <summary>One worker's copy.</summary>
    /// <param name="unetConfig">The shape of the UNet.</param>
    /// <param name="textConfig">The shape of the text encoder, over the compact vocabulary.</param>
    /// <param name="data">Latents and captions, shared by the workers.</param>
    /// <param name="schedule">How noise grows.</param>
    /// <param name="bias">Which timesteps are practised.</param>
    /// <param name="batch">Pictures per update.</param>
    /// <param name="textLearns">Whether the text encoder learns, too.</param>
    public DenoisingLearner(UNet2DConditionConfig unetConfig, CLIPTextConfig textConfig, TrainingData data, SchedulerConfig schedule,
        TimestepBias bias, int batch, bool textLearns)
    {
        this._data = data;
        this._bias = bias;
        this._batch = batch;
        var device = data.Latents.device;
        UNet = new UNet2DConditionModel(unetConfig);
        Text = new CLIPTextModel(textConfig);
        UNet.to(device);
        Text.to(device);
        _loss = new DenoisingLoss(UNet, schedule);
        foreach (var weight in Text.parameters())
            weight.requires_grad = textLearns;
        Parameters = [.. Of(UNet, "unet", RateOf), .. textLearns ? ContrastiveLearner.TextParameters(Text, data, TextRate) : []];
    }

    /// <summary>The UNet.</summary>
    public UNet2DConditionModel UNet { get; }

    /// <summary>The text encoder over the compact vocabulary.</summary>
    public CLIPTextModel Text { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<LearnedTensor> Parameters { get; }

    /// <summary>Starts the output projections of the transformers at a small random value: from zero, captions reach the UNet much
    /// later.</summary>
    public static void Start(UNet2DConditionModel unet, ulong seed)
    {
        using var noGrad = no_grad();
        using var generator = new Generator(seed);
        foreach (var (name, parameter) in unet.named_parameters())
        {
            if (name.EndsWith("proj_out.weight", StringComparison.Ordinal))
                parameter.copy_(randn(parameter.shape, generator: generator).mul_(0.02));
            else if (name.EndsWith("proj_out.bias", StringComparison.Ordinal))
                parameter.zero_();
        }
    }

    /// <inheritdoc/>
    public override Tensor Loss(TrainingStep step)
    {
        var (latents, captions) = _data.Batch(_batch, step.Random, CaptionDropout);
        var (timesteps, weights) = _bias.Draw(_batch, step.Progress, step.Random);
        var device = latents.device;
        var t = tensor(timesteps, dtype: ScalarType.Int64).to(device);
        var noise = randn(latents.shape, device: device, generator: step.Generator);
        var error = _loss.Errors(new TrainBatch(latents, noise, t, Text.call(captions).LastHiddenState, _batch)); // (B)
        return (error * tensor(weights).to(device)).mean();
    }

    private static double RateOf(string name) =>
        name.Contains("attn2.to_k", StringComparison.Ordinal) || name.Contains("attn2.to_v", StringComparison.Ordinal) ? ContextRate : 1;

    /// <inheritdoc/>
    public override void Dispose()
    {
        UNet.Dispose();
        Text.Dispose();
        _loss.Dispose();
    }
}
