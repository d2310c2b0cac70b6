using NotebookKit.Evaluation;
using NotebookKit.Images;
using NotebookKit.Pipeline;
using NotebookKit.Workshop.Evaluation;
using NotebookKit.Workshop.World;

namespace NotebookKit.Tests.Evaluation;

public sealed class ProbeTests
{
    private static readonly string Shipped = Path.Combine(House.Root, "data", "probe");

    [Fact]
    public void The_probe_that_ships_reads_renders_almost_without_fault()
    {
        using var probe = Probe.Load(Shipped);
        var quality = ProbeTraining.Measure(probe, WorldPreset.Cpu, seed: 77, count: 200);
        Assert.True(quality.Right is { Class: >= 0.97, Colour: >= 0.97, Background: >= 0.97, Style: >= 0.97 }, quality.ToString());
        Assert.True(quality.Individual["photo"] >= 0.9, string.Join(", ", quality.Individual));
        Assert.True(new FileInfo(Path.Combine(Shipped, "model.safetensors")).Length <= 2_000_000);
    }

    [Fact]
    public void A_picture_is_read_the_same_at_any_size()
    {
        using var probe = Probe.Load(Shipped);
        var scene = SceneSampler.Sample(4, 2, WorldPreset.Cpu) with { Style = Style.Photo };
        var readings = probe.Read([Painter.Paint(scene, 64), Painter.Paint(scene, 128), Painter.Paint(scene, 256)]);
        Assert.All(readings, reading => Assert.Equal(readings[0], reading));
        Assert.Equal(Words.Noun(scene.Class), readings[0].Class);
    }

    [Fact]
    public void What_is_saved_is_what_is_loaded()
    {
        using var folder = new TemporaryFolder();
        using var probe = Probe.Load(Shipped);
        probe.Save(folder.Root);
        using var again = Probe.Load(folder.Root);
        IReadOnlyList<RgbImage> pictures = [Painter.Paint(SceneSampler.Sample(1, 1, WorldPreset.Cpu), 64)];
        using var difference = probe.Embed(pictures) - again.Embed(pictures);
        Assert.Equal(0, difference.abs().max().item<float>());
    }

    [Fact]
    public void A_folder_without_a_probe_is_bad_input()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("config.json", Assert.Throws<BadInputException>(() => Probe.Load(folder.Root)).Message);
        File.WriteAllText(Path.Combine(folder.Root, "config.json"), "{\"classes\": []}");
        Assert.Contains("classes", Assert.Throws<BadInputException>(() => Probe.Load(folder.Root)).Message);
    }

    [Fact]
    public void A_caption_is_right_when_all_that_it_says_is_there()
    {
        var scene = new Scene(ToyClass.BearToy, ToyColor.Red, Background.Studio, Style.PencilSketch, Accessory.None, 1, new View());
        // A sketch has no colour and the studio no word: neither can be wrong.
        var marks = Marks.Of(scene, new ProbeReading("bear toy", "blue", "grass", "pencil sketch"));
        Assert.Equal(new Marks(true, null, null, true), marks);
        Assert.True(marks.All);
        Assert.False(Marks.Of(scene, new ProbeReading("cat toy", "blue", "grass", "pencil sketch")).All);
        var shares = Marks.Shares([new Marks(true, true, null, true), new Marks(true, false, true, true),
            new Marks(false, null, true, true)]);
        Assert.Equal(new AttributeShares(0.6667, 0.5, 1, 1, 0.3333), shares);
    }

    [Fact]
    public void Different_prompts_in_one_batch_draw_what_each_draws_alone()
    {
        using var model = StableDiffusion.Load(Path.Combine(House.Root, "data", "base-mini"));
        var drawn = new PromptSheet(model, Steps: 2, Guidance: 3).Draw(["a photo of a toy", "a photo of a red house"], seed: 5);
        var alone = model.Sample(new SampleOptions { Prompt = "a photo of a red house", Seed = 6, Steps = 2, GuidanceScale = 3 })[0];
        Assert.True(drawn[1].Pixels.Zip(alone.Pixels, (a, b) => Math.Abs(a - b)).Max() <= 2);
    }
}
