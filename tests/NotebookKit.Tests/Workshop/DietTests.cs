using NotebookKit.Workshop.World;
using NotebookKit.Workshop.Pretraining;

namespace NotebookKit.Tests.Workshop;

public sealed class DietTests
{
    private static readonly PretrainPreset Small = PretrainPreset.Cpu with { Scenes = 50, Faces = 300, Individuals = 300, HeldOut = 20 };
    private static readonly IReadOnlyList<Scene> Scenes = Diet.Scenes(Small, 1);

    [Fact]
    public void What_is_kept_back_is_of_the_world_as_it_is_graded_and_in_none_of_the_others()
    {
        Assert.Equal(Small.Pictures + Small.HeldOut, Scenes.Count);
        var held = Scenes.Skip(Small.Pictures).ToList();
        Assert.Equal(Enumerable.Range(Small.Scenes, Small.HeldOut).Select(i => SceneSampler.Sample(1, i, Small.World)), held);
        Assert.Empty(held.Intersect(Scenes.Take(Small.Pictures)));
    }

    [Fact]
    public void The_extra_faces_have_faces_and_the_individuals_come_in_every_style()
    {
        var faces = Scenes.Skip(Small.Scenes).Take(Small.Faces).ToList();
        Assert.All(faces, s => Assert.DoesNotContain(s.Class, new[] { ToyClass.House, ToyClass.Tree, ToyClass.Flower, ToyClass.CarToy }));
        var individuals = Scenes.Skip(Small.Scenes + Small.Faces).Take(Small.Individuals).ToList();
        Assert.All(individuals, s => Assert.NotNull(s.Individual));
        foreach (var mark in Enum.GetValues<Mark>())
            foreach (var style in Small.World.Styles.Select(s => s.Value))
                Assert.Contains(individuals, s => s.Style == style && s.Individual!.Marks.Contains(mark));
        Assert.InRange(individuals.Count(s => s.Style == Style.PencilSketch), 80, 120); // a third of 300
    }
}
