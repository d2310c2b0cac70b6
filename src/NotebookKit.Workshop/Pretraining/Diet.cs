using NotebookKit.Workshop.World;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>
/// What a run learns from: the world as it is graded, then more of what fails longest. Faces, for an eye is as large as
/// one number of the latents; white toys, whose edges are faint; sketches; and individuals in every style, so that a
/// subject's folded ear is something that can be painted and drawn, not only photographed.
/// </summary>
internal static class Diet
{
    private const ulong FacesStream = 0xFACE5UL;
    private const ulong IndividualsStream = 0x9A7C4UL;

    /// <summary>Draws the scenes of a run: those to learn from first, then those kept back, which are of the world as it is
    /// graded.</summary>
    public static IReadOnlyList<Scene> Scenes(PretrainPreset preset, ulong seed)
    {
        var faces = Faces(preset.World);
        return
        [
            .. Enumerable.Range(0, preset.Scenes).Select(i => SceneSampler.Sample(seed, i, preset.World)),
            .. Enumerable.Range(0, preset.Faces).Select(i => SceneSampler.Sample(seed ^ FacesStream, i, faces)),
            .. Enumerable.Range(0, preset.Individuals).Select(i => Individual(seed ^ IndividualsStream, i, preset.World)),
            .. Enumerable.Range(preset.Scenes, preset.HeldOut).Select(i => SceneSampler.Sample(seed, i, preset.World)),
        ];
    }

    private static WorldPreset Faces(WorldPreset world) => world with
    {
        Classes =
        [
            ToyClass.RabbitToy, ToyClass.BearToy, ToyClass.DogToy, ToyClass.CatToy, ToyClass.CatToy, ToyClass.RobotToy, ToyClass.Dog,
            ToyClass.Cat, ToyClass.Cat,
        ],
        Colors = [.. world.Colors, ToyColor.White],
        Styles = [.. world.Styles.Select(s => (s.Value, s.Value == Style.PencilSketch ? 3 * s.Weight : s.Weight))],
    };

    private static Scene Individual(ulong seed, long index, WorldPreset world)
    {
        // Half of them photos, the other styles alike, but sketches twice as often: in them colours must become tones.
        var random = new WorldRandom(~seed, (ulong)index + 1);
        var style = random.Chance(0.5f) ? Style.Photo : random.Pick(
            [.. world.Styles.Select(s => s.Value).Where(s => s != Style.Photo), Style.PencilSketch]);
        return Scene.Of(new Individual(seed, index), random.Pick(world.Backgrounds), style, random.NextULong(),
            SceneSampler.SampleView(random));
    }
}
