using NotebookKit.Evaluation;
using NotebookKit.Workshop.Evaluation;
using NotebookKit.Workshop.World;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Evaluation;

/// <summary>The heads that read attributes learn anew while the vectors stay.</summary>
public sealed class ProbeReadingsTests
{
    [Fact]
    public void Heads_that_know_nothing_learn_to_read_again_and_no_vector_changes_by_a_bit()
    {
        using var scope = NewDisposeScope();
        using var probe = Probe.Load(Path.Combine(House.Root, "data", "probe"));
        var scenes = Enumerable.Range(0, 100).Select(i => SceneSampler.Sample(9, i, WorldPreset.Cpu)).ToList();
        var pictures = scenes.ConvertAll(scene => Painter.Paint(scene, 64));
        using (no_grad())
        {
            foreach (var (_, value) in probe.Network.ReadingParameters())
                value.zero_();
        }

        var before = probe.Embed(pictures).data<float>().ToArray();
        Assert.InRange(Right(), 0, 0.5);
        ProbeReadings.Teach(probe, WorldPreset.Cpu, seed: 3, pictures: 1000, steps: 300, progress: null,
            TestContext.Current.CancellationToken);
        Assert.InRange(Right(), 0.9, 1);
        Assert.Equal(before, probe.Embed(pictures).data<float>().ToArray());

        double Right() => probe.Read(pictures).Zip(scenes, (seen, scene) => seen.Class == Words.Noun(scene.Class) ? 1.0 : 0).Average();
    }

    [Fact]
    public void A_probe_of_another_part_of_the_world_is_refused_before_anything_is_written()
    {
        using var folder = new TemporaryFolder();
        var shipped = Path.Combine(House.Root, "data", "probe");
        var refused = Assert.Throws<BadInputException>(() => ProbeTraining.Readings(shipped, folder["out"], WorldPreset.Gpu, 1, 300,
            cancel: TestContext.Current.CancellationToken));
        Assert.Contains("--preset", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["out"]));
    }

    [Fact]
    public void Four_heads_read_and_the_vectors_head_is_none_of_them()
    {
        using var probe = Probe.Load(Path.Combine(House.Root, "data", "probe"));
        Assert.Equal(["background_head", "class_head", "colour_head", "style_head"],
            probe.Network.ReadingParameters().Select(p => p.Name.Split('.')[0]).Distinct().Order());
    }
}
