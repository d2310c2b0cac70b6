using NotebookKit.Models;
using NotebookKit.Tensors;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>
/// Stage 3: the text encoder learns which caption belongs to which picture (CLIP in small, Radford et al., 2021): the
/// state at the first end token and the picture's vector agree for true pairs in a batch and disagree for all others.
/// Captions that read alike count as true for each other. Padding repeats the end token, so afterwards every padded
/// state carries the whole caption, and even an untrained cross-attention hands the UNet a separable vector.
/// </summary>
internal sealed class ContrastiveLearner : Learner
{
    private const double LatentNoise = 0.3;
    private readonly LatentEmbedder _pictureSide;
    private readonly Linear _textSide;
    private readonly Parameter _scale;
    private readonly TrainingData _data;
    private readonly int _batch;

    /// <summary>One worker's copy.</summary>
    /// <param name="config">The shape of the text encoder, over the compact vocabulary.</param>
    /// <param name="data">Latents and captions, shared by the workers.</param>
    /// <param name="batch">Pairs per update.</param>
    public ContrastiveLearner(CLIPTextConfig config, TrainingData data, int batch)
    {
        this._data = data;
        this._batch = batch;
        var device = data.Latents.device;
        Text = new CLIPTextModel(config);
        _pictureSide = new LatentEmbedder((int)config.HiddenSize);
        _textSide = Layers.Linear(config.HiddenSize, config.HiddenSize, hasBias: false);
        _scale = new Parameter(tensor(new[] { (float)Math.Log(1 / 0.07) }));
        foreach (var module in new nn.Module[] { Text, _pictureSide, _textSide })
            module.to(device);
        if (device.type != DeviceType.CPU)
            _scale = new Parameter(_scale.detach().to(device));
        Parameters =
        [
            .. TextParameters(Text, data, 1),
            .. Of(_pictureSide, "picture_side", _ => 1),
            .. Of(_textSide, "text_side", _ => 1),
            new LearnedTensor("scale", _scale),
        ];
    }

    /// <summary>The text encoder.</summary>
    public CLIPTextModel Text { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<LearnedTensor> Parameters { get; }

    /// <summary>The text encoder's parameters; the token rows of rare words stay as they were drawn.</summary>
    public static IEnumerable<LearnedTensor> TextParameters(CLIPTextModel text, TrainingData data, double rate) =>
        text.named_parameters().Select(p => new LearnedTensor(
            $"text_encoder.{p.name}", p.parameter, rate,
            p.name.EndsWith("token_embedding.weight", StringComparison.Ordinal) ? data.Captions.WordRows : null));

    /// <inheritdoc/>
    public override Tensor Loss(TrainingStep step)
    {
        var (latents, captions) = _data.Batch(_batch, step.Random, dropout: 0);
        var strength = rand([_batch, 1, 1, 1], device: latents.device, generator: step.Generator) * LatentNoise;
        latents += randn(latents.shape, device: latents.device, generator: step.Generator) * strength;
        captions = captions.narrow(1, 0, _data.Captions.Longest);
        var logits = Similarity(latents, captions) * _scale.clamp_max(Math.Log(100)).exp(); // (B, B)
        var alike = captions.unsqueeze(0).eq(captions.unsqueeze(1)).all(2).to(ScalarType.Float32);
        var target = alike / alike.sum(1, keepdim: true);
        return (CrossEntropy(logits, target) + CrossEntropy(logits.transpose(0, 1), target)) * 0.5;
    }

    /// <summary>The share of held-out pictures whose own caption is the nearest of all held-out captions.</summary>
    public double Recall()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var similarity = Similarity(_data.HeldOutLatents, _data.HeldOutCaptions.narrow(1, 0, _data.Captions.Longest));
        var best = _data.HeldOutCaptions.index_select(0, similarity.argmax(1));
        return best.eq(_data.HeldOutCaptions).all(1).to(ScalarType.Float32).mean().item<float>();
    }

    /// <summary>Cosines of pictures (rows) and captions (columns).</summary>
    private Tensor Similarity(Tensor latents, Tensor captions)
    {
        var states = Text.call(captions).LastHiddenState; // (B, L, D)
        var end = captions.eq(_data.Captions.EndRow).to(ScalarType.Int64).argmax(1); // the first end token
        var rows = end.view(-1, 1, 1).expand(-1, 1, states.shape[2]);
        var texts = nn.functional.normalize(_textSide.call(states.gather(1, rows).squeeze(1)), dim: 1);
        return _pictureSide.call(latents).mm(texts.transpose(0, 1));
    }

    private static Tensor CrossEntropy(Tensor logits, Tensor target) => -(nn.functional.log_softmax(logits, 1) * target).sum(1).mean();

    /// <inheritdoc/>
    public override void Dispose()
    {
        Text.Dispose();
        _pictureSide.Dispose();
        _textSide.Dispose();
        _scale.Dispose();
    }
}
