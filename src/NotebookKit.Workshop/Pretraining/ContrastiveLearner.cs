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
    private readonly LatentEmbedder pictureSide;
    private readonly Linear textSide;
    private readonly Parameter scale;
    private readonly TrainingData data;
    private readonly int batch;

    /// <summary>One worker's copy.</summary>
    /// <param name="config">The shape of the text encoder, over the compact vocabulary.</param>
    /// <param name="data">Latents and captions, shared by the workers.</param>
    /// <param name="batch">Pairs per update.</param>
    public ContrastiveLearner(CLIPTextConfig config, TrainingData data, int batch)
    {
        this.data = data;
        this.batch = batch;
        var device = data.Latents.device;
        Text = new CLIPTextModel(config);
        pictureSide = new LatentEmbedder((int)config.HiddenSize);
        textSide = Layers.Linear(config.HiddenSize, config.HiddenSize, hasBias: false);
        scale = new Parameter(tensor(new[] { (float)Math.Log(1 / 0.07) }));
        foreach (var module in new nn.Module[] { Text, pictureSide, textSide })
            module.to(device);
        if (device.type != DeviceType.CPU)
            scale = new Parameter(scale.detach().to(device));
        Parameters =
        [
            .. TextParameters(Text, data, 1),
            .. Of(pictureSide, "picture_side", _ => 1),
            .. Of(textSide, "text_side", _ => 1),
            new LearnedTensor("scale", scale),
        ];
    }

    /// <summary>The text encoder.</summary>
    public CLIPTextModel Text { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<LearnedTensor> Parameters { get; }

    /// <summary>The text encoder's parameters; the token rows of rare words stay as they were drawn.</summary>
    public static IEnumerable<LearnedTensor> TextParameters(CLIPTextModel text, TrainingData data, double rate) =>
        text.named_parameters().Select(p => new LearnedTensor(
            $"text_encoder.{p.name}", p.parameter, rate, p.name.EndsWith("token_embedding.weight", StringComparison.Ordinal) ? data.Captions.WordRows : null));

    /// <inheritdoc/>
    public override Tensor Loss(TrainingStep step)
    {
        var (latents, captions) = data.Batch(batch, step.Random, dropout: 0);
        var strength = rand([batch, 1, 1, 1], device: latents.device, generator: step.Generator) * LatentNoise;
        latents += randn(latents.shape, device: latents.device, generator: step.Generator) * strength;
        captions = captions.narrow(1, 0, data.Captions.Longest);
        var logits = Similarity(latents, captions) * scale.clamp_max(Math.Log(100)).exp(); // (B, B)
        var alike = captions.unsqueeze(0).eq(captions.unsqueeze(1)).all(2).to(ScalarType.Float32);
        var target = alike / alike.sum(1, keepdim: true);
        return (CrossEntropy(logits, target) + CrossEntropy(logits.transpose(0, 1), target)) * 0.5;
    }

    /// <summary>The share of held-out pictures whose own caption is the nearest of all held-out captions.</summary>
    public double Recall()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var similarity = Similarity(data.HeldOutLatents, data.HeldOutCaptions.narrow(1, 0, data.Captions.Longest));
        var best = data.HeldOutCaptions.index_select(0, similarity.argmax(1));
        return best.eq(data.HeldOutCaptions).all(1).to(ScalarType.Float32).mean().item<float>();
    }

    /// <summary>Cosines of pictures (rows) and captions (columns).</summary>
    private Tensor Similarity(Tensor latents, Tensor captions)
    {
        var states = Text.call(captions).LastHiddenState; // (B, L, D)
        var end = captions.eq(data.Captions.EndRow).to(ScalarType.Int64).argmax(1); // the first end token
        var rows = end.view(-1, 1, 1).expand(-1, 1, states.shape[2]);
        var texts = nn.functional.normalize(textSide.call(states.gather(1, rows).squeeze(1)), dim: 1);
        return pictureSide.call(latents).mm(texts.transpose(0, 1));
    }

    private static Tensor CrossEntropy(Tensor logits, Tensor target) => -(nn.functional.log_softmax(logits, 1) * target).sum(1).mean();

    /// <inheritdoc/>
    public override void Dispose()
    {
        Text.Dispose();
        pictureSide.Dispose();
        textSide.Dispose();
        scale.Dispose();
    }
}
