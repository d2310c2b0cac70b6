using NotebookKit.Evaluation;
using NotebookKit.Workshop.Pretraining;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Evaluation;

/// <summary>
/// Teaches the probe: cross-entropy for the attributes of scenes, and for pairs of pictures of one individual among a
/// batch of others InfoNCE (van den Oord et al. 2018). Pictures are worn at random.
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
        var output = Network.call(ProbeWear.Of(cat([_scenes.index_select(0, rows), left, right], 0), step.Random, step.Generator));

        var target = _labels.index_select(0, rows);
        var loss = ProbeReadings.Loss(output, target);
        var cosines = output.Embedding.narrow(0, SceneBatch, chosen.Length)
            .mm(output.Embedding.narrow(0, SceneBatch + chosen.Length, chosen.Length).transpose(0, 1)) / Temperature;
        var same = arange(chosen.Length, ScalarType.Int64);
        return loss + nn.functional.cross_entropy(cosines, same) + nn.functional.cross_entropy(cosines.transpose(0, 1), same);
    }

    /// <inheritdoc/>
    public override void Dispose() => Network.Dispose();
}
