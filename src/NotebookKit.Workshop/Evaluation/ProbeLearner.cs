using NotebookKit.Evaluation;
using NotebookKit.Workshop.Pretraining;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Evaluation;

/// <summary>
/// Teaches the probe: cross-entropy for the attributes of scenes, and for pairs of pictures of one individual among a
/// batch of others InfoNCE (van den Oord et al. 2018). Pictures are blurred, darkened and noised at random, for the
/// pictures it will grade are not as clean as rendered ones.
/// </summary>
internal sealed class ProbeLearner : Learner
{
    private const int SceneBatch = 32;
    private const int Pairs = 24;
    private const double Temperature = 0.1;
    private readonly Tensor _scenes;
    private readonly Tensor _labels;
    private readonly Tensor _individuals;

    /// <summary>One worker's copy.</summary>
    /// <param name="config">The probe's shape.</param>
    /// <param name="scenes">Bytes, (N, 3, S, S).</param>
    /// <param name="labels">Int64, (N, 4): class, colour (-1 where the style has none), background, style.</param>
    /// <param name="individuals">Bytes, (M, views, 3, S, S).</param>
    public ProbeLearner(ProbeConfig config, Tensor scenes, Tensor labels, Tensor individuals)
    {
        (this._scenes, this._labels, this._individuals) = (scenes, labels, individuals);
        Network = new ProbeNetwork(config);
        Parameters = [.. Of(Network, "probe", _ => 1)];
    }

    /// <summary>The network.</summary>
    public ProbeNetwork Network { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<LearnedTensor> Parameters { get; }

    /// <summary>Pictures of an update.</summary>
    public const int PicturesPerStep = SceneBatch + (2 * Pairs);

    /// <inheritdoc/>
    public override Tensor Loss(TrainingStep step)
    {
        var random = step.Random;
        var rows = tensor(Enumerable.Range(0, SceneBatch).Select(_ => random.NextInt64(_scenes.shape[0])).ToArray());
        var chosen = Enumerable.Range(0, Pairs).Select(_ => random.NextInt64(_individuals.shape[0])).Distinct().ToArray();
        var views = (int)_individuals.shape[1];
        var first = chosen.Select(_ => random.Next(views)).ToArray();
        var second = first.Select(v => (v + 1 + random.Next(views - 1)) % views).ToArray();
        var flat = _individuals.flatten(0, 1);
        var left = flat.index_select(0, tensor(chosen.Select((c, i) => (c * views) + first[i]).ToArray()));
        var right = flat.index_select(0, tensor(chosen.Select((c, i) => (c * views) + second[i]).ToArray()));
        var output = Network.call(Worn(cat([_scenes.index_select(0, rows), left, right], 0), step));

        var target = _labels.index_select(0, rows);
        var loss = CrossEntropy(output.Class, target, 0) + CrossEntropy(output.Colour, target, 1)
            + CrossEntropy(output.Background, target, 2) + CrossEntropy(output.Style, target, 3);
        var cosines = output.Embedding.narrow(0, SceneBatch, chosen.Length)
            .mm(output.Embedding.narrow(0, SceneBatch + chosen.Length, chosen.Length).transpose(0, 1)) / Temperature;
        var same = arange(chosen.Length, ScalarType.Int64);
        return loss + nn.functional.cross_entropy(cosines, same) + nn.functional.cross_entropy(cosines.transpose(0, 1), same);
    }

    private static Tensor CrossEntropy(Tensor logits, Tensor labels, int column) =>
        nn.functional.cross_entropy(logits.narrow(0, 0, labels.shape[0]), labels.select(1, column).contiguous(), ignore_index: -1);

    /// <summary>Pictures as a sampler might have drawn them: some blurred, all a little lighter or darker, some with noise.</summary>
    private static Tensor Worn(Tensor bytes, TrainingStep step)
    {
        var images = WorldPictures.ToModel(bytes);
        long[] each = [images.shape[0], 1, 1, 1];
        var blurred = nn.functional.avg_pool2d(images, 3, 1, 1, count_include_pad: false);
        var blur = (rand(each, generator: step.Generator) * 2 - 1).clamp_min(0);
        images = images + ((blurred - images) * blur);
        images = images * (0.9 + (rand(each, generator: step.Generator) * 0.2)) + ((rand(each, generator: step.Generator) - 0.5) * 0.15);
        var noise = (rand(each, generator: step.Generator) - 0.5).clamp_min(0) * 0.3;
        images = images + (randn(images.shape, generator: step.Generator) * noise);
        return step.Random.Next(2) == 1 ? images.flip(3) : images;
    }

    /// <inheritdoc/>
    public override void Dispose() => Network.Dispose();
}
