using NotebookKit.Evaluation;
using NotebookKit.Workshop.Pretraining;
using NotebookKit.Workshop.World;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Evaluation;

/// <summary>
/// Teaches the heads that read attributes once more, the convolutions being as they are: a head is a linear map, learned in
/// seconds from what the convolutions see in far more scenes than the whole probe can be shown. Half of them are sketches,
/// where a ground is told by a few strokes. The vectors that likeness is measured by stay the same to the bit.
/// </summary>
internal static class ProbeReadings
{
    private const int Batch = 256;
    private const int Part = 500;
    private const double LearningRate = 3e-3;
    private const ulong Stream = 0x8EAD5UL;

    /// <summary>Teaches the heads of a probe.</summary>
    /// <param name="probe">The probe.</param>
    /// <param name="world">What it reads.</param>
    /// <param name="seed">Decides scenes, wear and draws.</param>
    /// <param name="pictures">How many scenes; each is seen as rendered and once worn.</param>
    /// <param name="steps">Updates of 256 pictures; the learning rate falls to 0.</param>
    /// <param name="progress">Told some times a minute.</param>
    /// <param name="cancel">Stops; the heads are then as far as they came.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static void Teach(Probe probe, WorldPreset world, ulong seed, int pictures, int steps,
        IProgress<PretrainProgress>? progress, CancellationToken cancel)
    {
        using var scope = NewDisposeScope();
        var random = new Random((int)(ParallelTrainer.Mix(seed, "readings", 0) >> 33));
        var generator = new Generator((ulong)random.Next());
        var scenes = Enumerable.Range(0, pictures).Select(i => SceneSampler.Sample(seed ^ Stream, i, world))
            .Select((scene, i) => i % 2 == 0 ? scene : scene with { Style = Style.PencilSketch }).ToList();
        var features = See(probe, scenes, random, generator, progress, cancel);
        var labels = Labels(scenes, world).repeat(2, 1);
        var heads = probe.Network.ReadingParameters().Select(p => p.Value).ToList();
        using var optimizer = optim.AdamW(heads, LearningRate);
        for (var step = 0; step < steps; step++)
        {
            cancel.ThrowIfCancellationRequested();
            using var inner = NewDisposeScope();
            optimizer.ParamGroups.Single().LearningRate = LearningRate * (1 - (step / (double)steps));
            var rows = tensor(Enumerable.Range(0, Batch).Select(_ => random.NextInt64(features.shape[0])).ToArray());
            var loss = Loss(probe.Network.Read(features.index_select(0, rows)), labels.index_select(0, rows));
            optimizer.zero_grad();
            loss.backward();
            optimizer.step();
            if ((step + 1) % 1000 == 0)
                progress?.Report(new PretrainProgress("readings", (step + 1) / (double)steps, $"loss {loss.item<float>():F3}"));
        }
    }

    /// <summary>Cross-entropy of the four attributes.</summary>
    /// <param name="output">Of B pictures or more, those of scenes first.</param>
    /// <param name="labels">Int64, (B, 4): class, colour (-1 where the style has none), background, style.</param>
    public static Tensor Loss(ProbeOutput output, Tensor labels)
    {
        return Of(output.Class, 0) + Of(output.Colour, 1) + Of(output.Background, 2) + Of(output.Style, 3);

        Tensor Of(Tensor logits, int column) => nn.functional.cross_entropy(logits.narrow(0, 0, labels.shape[0]),
            labels.select(1, column).contiguous(), ignore_index: -1);
    }

    /// <summary>The attributes of scenes as numbers, (N, 4): see <see cref="Loss"/>.</summary>
    public static Tensor Labels(IReadOnlyList<Scene> scenes, WorldPreset world)
    {
        var (backgrounds, styles) = (world.Backgrounds.Select(b => b.Value).ToList(), world.Styles.Select(s => s.Value).ToList());
        var (classes, colors) = (world.Classes.ToList(), world.Colors.ToList());
        var rows = scenes.SelectMany(s => new long[] { classes.IndexOf(s.Class), s.ShowsColor ? colors.IndexOf(s.Color) : -1,
            backgrounds.IndexOf(s.Background), styles.IndexOf(s.Style) }).ToArray();
        return tensor(rows, [scenes.Count, 4L]);
    }

    // (2·N, 2·C): all as rendered, then all worn.
    private static Tensor See(Probe probe, List<Scene> scenes, Random random, Generator generator,
        IProgress<PretrainProgress>? progress, CancellationToken cancel)
    {
        using var noGrad = no_grad();
        List<Tensor> clean = [], worn = [];
        foreach (var part in scenes.Chunk(Part))
        {
            using var scope = NewDisposeScope();
            var painted = WorldPictures.Paint(part, probe.Config.SampleSize, cancel);
            clean.Add(probe.Network.Features(WorldPictures.ToModel(painted)).MoveToOuterDisposeScope());
            worn.Add(probe.Network.Features(ProbeWear.Of(painted, random, generator)).MoveToOuterDisposeScope());
            if (clean.Count % 10 == 0)
                progress?.Report(new PretrainProgress("features", clean.Count * Part / (double)scenes.Count,
                    $"{clean.Count * Part:N0} of {scenes.Count:N0} scenes seen"));
        }

        return cat([.. clean, .. worn], 0);
    }
}
