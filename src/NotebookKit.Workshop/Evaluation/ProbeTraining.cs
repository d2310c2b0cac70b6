using NotebookKit.Evaluation;
using NotebookKit.Images;
using NotebookKit.Workshop.Pretraining;
using NotebookKit.Workshop.World;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Evaluation;

/// <summary>Makes a probe from nothing: paints what it learns from, trains it, and measures it on pictures kept back.</summary>
public static class ProbeTraining
{
    private const int Size = 64;
    private const int Views = 4;
    private const int ReadingSteps = 6_000;
    private const ulong ScenesStream = 0x5CE7E5UL;
    private const ulong IndividualsStream = 0x1D1F1DUL;

    /// <summary>Trains a probe and writes it.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="world">The part of the world that it reads.</param>
    /// <param name="seed">Decides pictures, first weights and draws; with one worker the probe is repeatable to the bit.</param>
    /// <param name="steps">Updates of 80 pictures.</param>
    /// <param name="workers">Threads that share the weights.</param>
    /// <param name="pictures">Scenes to learn from; a third as many individuals.</param>
    /// <param name="progress">Told some times a minute.</param>
    /// <param name="cancel">Stops; what is trained so far is kept in the folder's <c>.probe</c> and taken up again.</param>
    /// <returns>How well it reads rendered pictures that it has not seen.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static ProbeQuality Run(string folder, WorldPreset world, ulong seed, long steps, int workers, int pictures,
        IProgress<PretrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(world);
        var scenes = Enumerable.Range(0, pictures).Select(i => SceneSampler.Sample(seed ^ ScenesStream, i, world)).ToList();
        progress?.Report(new PretrainProgress("probe", 0, $"painting {pictures:N0} scenes and {pictures / 3:N0} individuals"));
        using var painted = WorldPictures.Paint(scenes, Size, cancel);
        using var individuals = PaintIndividuals(seed ^ IndividualsStream, pictures / 3, world, cancel);
        using var labels = ProbeReadings.Labels(scenes, world);
        manual_seed((long)(ParallelTrainer.Mix(seed, "probe", 0) >> 1));
        var config = ProbeNames.Config(world);
        var learners = Enumerable.Range(0, workers).Select(_ => new ProbeLearner(config, painted, labels, individuals)).ToList();
        var work = Path.Combine(folder, ".probe");
        Directory.CreateDirectory(work);
        var settings = new TrainerSettings { Stage = "probe", Seed = seed, LearningRate = 2e-3, CheckpointSeconds = 60 };
        using (var trainer = new ParallelTrainer(learners, settings, Path.Combine(work, "probe.checkpoint.safetensors")))
        {
            var done = trainer.Run(new Budget(steps, double.PositiveInfinity), status => progress?.Report(new PretrainProgress(
                "probe", status.Progress,
                $"loss {status.Loss:F3}, {status.Steps * ProbeLearner.PicturesPerStep / status.Seconds:F0} pictures/s")), cancel);
            if (!done)
                throw new OperationCanceledException();
        }

        if (workers > 1)
            set_num_threads(Environment.ProcessorCount);
        var quality = Finish(folder, new Probe(config, learners[0].Network), world, seed, pictures, progress, cancel);
        learners.ForEach(l => l.Dispose());
        Directory.Delete(work, recursive: true);
        return quality;
    }

    /// <summary>Teaches a probe its readings anew and writes it; its vectors stay the same to the bit.</summary>
    /// <param name="from">The probe's folder.</param>
    /// <param name="folder">Where to; may be the same.</param>
    /// <param name="world">The part of the world that it reads.</param>
    /// <param name="seed">Decides scenes and draws.</param>
    /// <param name="pictures">Scenes that the whole probe learned from: five times as many are looked at.</param>
    /// <param name="progress">Told some times a minute.</param>
    /// <param name="cancel">Stops; nothing is written.</param>
    /// <returns>How well it reads rendered pictures that it has not seen.</returns>
    /// <exception cref="BadInputException">It is no probe, or one of another part of the world.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static ProbeQuality Readings(string from, string folder, WorldPreset world, ulong seed, int pictures,
        IProgress<PretrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(world);
        using var probe = Probe.Load(from);
        var names = ProbeNames.Config(world);
        if (!probe.Config.Classes.SequenceEqual(names.Classes) || !probe.Config.Colours.SequenceEqual(names.Colours)
            || !probe.Config.Backgrounds.SequenceEqual(names.Backgrounds) || !probe.Config.Styles.SequenceEqual(names.Styles))
            throw new BadInputException($"--from {from}: it reads other names than this part of the world has; give the --preset that it "
                + "was made with.");
        Directory.CreateDirectory(folder);
        return Finish(folder, probe, world, seed, pictures, progress, cancel);
    }

    private static ProbeQuality Finish(string folder, Probe probe, WorldPreset world, ulong seed, int pictures,
        IProgress<PretrainProgress>? progress, CancellationToken cancel)
    {
        ProbeReadings.Teach(probe, world, seed, 5 * pictures, ReadingSteps, progress, cancel);
        var quality = Measure(probe, world, seed + 1, Math.Min(1000, pictures));
        probe.Save(folder);
        return quality;
    }

    /// <summary>How well a probe reads rendered pictures of a seed.</summary>
    /// <param name="probe">The probe.</param>
    /// <param name="world">What is painted.</param>
    /// <param name="seed">Which pictures; not the seed that it was trained with.</param>
    /// <param name="count">How many.</param>
    public static ProbeQuality Measure(Probe probe, WorldPreset world, ulong seed, int count)
    {
        ArgumentNullException.ThrowIfNull(probe);
        using var scope = NewDisposeScope();
        var scenes = Enumerable.Range(0, count).Select(i => SceneSampler.Sample(seed ^ ScenesStream, i, world)).ToList();
        var marks = scenes.Zip(probe.Read([.. scenes.Select(s => Painter.Paint(s, Size))]), (scene, reading) => Marks.Of(scene, reading))
            .ToList();
        // Two pictures each of 100 individuals: is the other one the nearest of 100?
        var random = new WorldRandom(seed, 3);
        var toys = Enumerable.Range(0, 100).Select(i => new Individual(seed ^ IndividualsStream, i)).ToList();
        Tensor Seen(Style style) => probe.Embed([.. toys.Select(toy => new RgbImage(Size, Size, Paint(toy, random, world, style)))]);
        double Found(Style style) =>
            Math.Round(Seen(style).mm(Seen(style).transpose(0, 1)).argmax(1).data<long>().ToArray().Select((n, i) => n == i ? 1.0 : 0)
                .Average(), 3);
        return new ProbeQuality(count, Marks.Shares(marks), world.Styles.ToDictionary(s => ProbeNames.Of(s.Value), s => Found(s.Value)));
    }

    private static Tensor PaintIndividuals(ulong seed, int count, WorldPreset world, CancellationToken cancel)
    {
        var plane = Size * Size;
        var bytes = new byte[count * Views * 3 * plane];
        Parallel.For(0, count, new ParallelOptions { CancellationToken = cancel }, i =>
        {
            var toy = new Individual(seed, i);
            var random = new WorldRandom(seed, (ulong)(i + 1) << 32);
            // Half are seen in photos; the others all in one style, in which alike toys must be told apart, or in several.
            var one = random.Chance(0.5f) ? Style.Photo
                : random.Pick([.. world.Styles.Select(s => (s.Value == Style.Photo ? (Style?)null : s.Value, 1f))]);
            for (var v = 0; v < Views; v++)
            {
                var pixels = Paint(toy, random, world, one ?? random.Pick(world.Styles));
                var at = ((i * Views) + v) * 3 * plane;
                for (var p = 0; p < plane; p++)
                    for (var c = 0; c < 3; c++)
                        bytes[at + (c * plane) + p] = pixels[(3 * p) + c];
            }
        });
        return tensor(bytes, [count, Views, 3, Size, Size]);
    }

    /// <summary>An individual, seen in some way, somewhere.</summary>
    private static byte[] Paint(Individual toy, WorldRandom random, WorldPreset world, Style style)
    {
        var (view, background, seed) = (SceneSampler.SampleView(random), random.Pick(world.Backgrounds), random.NextULong());
        return Painter.PaintRgb(Scene.Of(toy, background, style, seed, view), Size);
    }
}

/// <summary>How well a probe reads rendered pictures.</summary>
/// <param name="N">How many pictures.</param>
/// <param name="Right">The share of each attribute that it reads right.</param>
/// <param name="Individual">For each style, of two pictures each of 100 individuals in that style: how often an individual's second picture
/// is the nearest to its first.</param>
public sealed record ProbeQuality(int N, AttributeShares Right, IReadOnlyDictionary<string, double> Individual);
