using NotebookKit.Evaluation;
using NotebookKit.Images;
using NotebookKit.Workshop.World;
using NotebookKit.Workshop.World.Figures;

namespace NotebookKit.Tests.Evaluation;

/// <summary>What the shipped probe takes for the lessons' rabbit, and what of it it hardly sees: 48 new pictures of it, or of one that
/// differs in one thing, likened to its five photos, or to 48 other drawings of it.</summary>
public sealed class ProbeOfTheRabbitTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(Style.Photo, "as it is", 0.94, 0.99)]
    [InlineData(Style.Photo, "without its bow", 0.89, 0.95)]
    [InlineData(Style.Photo, "its ear upright", 0.92, 0.98)]
    [InlineData(Style.Photo, "all teal", 0.3, 0.6)]
    [InlineData(Style.Photo, "a plain teal rabbit", 0.2, 0.5)]
    [InlineData(Style.PencilSketch, "as it is", 0.96, 1.03)]
    [InlineData(Style.PencilSketch, "without its bow", 0.94, 1.01)]
    [InlineData(Style.PencilSketch, "its ear upright", 0.55, 0.8)]
    [InlineData(Style.PencilSketch, "all teal", -0.3, 0.2)]
    [InlineData(Style.PencilSketch, "a plain teal rabbit", -0.3, 0.2)]
    public void Colours_and_tones_make_the_rabbit_and_a_bow_counts_little(Style style, string what, double from, double to)
    {
        var (coat, worn) = what switch
        {
            "without its bow" => (SampleRabbit.Sewn, Accessory.None),
            "its ear upright" => (SampleRabbit.Sewn with { FoldedEar = false }, Accessory.Bow),
            "all teal" => (SampleRabbit.Sewn with { Head = SampleRabbit.Sewn.Body }, Accessory.Bow),
            "a plain teal rabbit" => (Coat.Plain(SampleRabbit.Sewn.Body), Accessory.None),
            _ => (SampleRabbit.Sewn, Accessory.Bow),
        };
        using var probe = Probe.Load(Path.Combine(House.Root, "data", "probe"));
        var scores = new DreamBoothScores(probe);
        var photos = Path.Combine(House.Root, "data", "sample-rabbit");
        IReadOnlyList<RgbImage> known = style == Style.Photo ? [.. ImageFolder.List(photos).Select(RgbImage.Load)]
            : Pictures(SampleRabbit.Sewn, Accessory.Bow, style, seed: 1);
        var likeness = scores.SubjectFidelity(Pictures(coat, worn, style, seed: 2), known) / scores.AmongThemselves(known);
        output.WriteLine($"{likeness:F3}");
        Assert.InRange(likeness, from, to);
    }

    private static List<RgbImage> Pictures(Coat coat, Accessory worn, Style style, ulong seed)
    {
        var random = new WorldRandom(seed, 5);
        return [.. Enumerable.Range(0, 48).Select(_ => SampleRabbit.Paint(coat, worn, SceneSampler.SampleView(random),
            random.Pick(WorldPreset.Cpu.Backgrounds), random.NextULong(), 64, style))];
    }
}
