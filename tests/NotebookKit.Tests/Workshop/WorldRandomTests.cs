using NotebookKit.Workshop.World;

namespace NotebookKit.Tests.Workshop;

public sealed class WorldRandomTests
{
    [Fact]
    public void A_seed_gives_the_same_numbers_for_ever()
    {
        var random = new WorldRandom(42);
        Assert.Equal([542311874u, 2714169243u, 1625168065u, 4233428963u], Enumerable.Range(0, 4).Select(_ => random.NextUInt()));
    }

    [Fact]
    public void Neighbouring_seeds_and_streams_have_nothing_in_common()
    {
        var first = new[] { new WorldRandom(1), new WorldRandom(2), new WorldRandom(1, 1), new WorldRandom(1, 2) }.Select(r => r.NextUInt())
            .ToArray();
        Assert.Equal(4, first.Distinct().Count());
        var mean = Enumerable.Range(0, 4000).Average(i => new WorldRandom((ulong)i).NextFloat());
        Assert.InRange(mean, 0.48, 0.52);
    }

    [Fact]
    public void Weights_are_kept()
    {
        var random = new WorldRandom(3);
        (string, float)[] choices = [("often", 3), ("seldom", 1)];
        Assert.InRange(Enumerable.Range(0, 4000).Average(_ => random.Pick(choices) == "often" ? 1.0 : 0), 0.72, 0.78);
    }

    [Fact]
    public void A_scene_of_a_set_does_not_depend_on_the_others()
    {
        Assert.Equal(SceneSampler.Sample(8, 1000, WorldPreset.Cpu), SceneSampler.Sample(8, 1000, WorldPreset.Cpu));
        var seen = Enumerable.Range(0, 600).Select(i => SceneSampler.Sample(8, i, WorldPreset.Cpu)).ToArray();
        Assert.Equal(WorldPreset.Cpu.Classes.Order(), seen.Select(s => s.Class).Distinct().Order());
        Assert.Equal(WorldPreset.Cpu.Colors.Order(), seen.Select(s => s.Color).Distinct().Order());
        Assert.All(seen, s => Assert.True(SceneSampler.CanWear(s.Class, s.Accessory)));
        Assert.InRange(seen.Where(s => SceneSampler.CanWear(s.Class, Accessory.Hat)).Average(s => s.Accessory == Accessory.Hat ? 1.0 : 0),
            0.13, 0.23);
    }
}
