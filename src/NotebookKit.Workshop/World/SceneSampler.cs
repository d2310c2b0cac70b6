
namespace NotebookKit.Workshop.World;

/// <summary>Draws random scenes.</summary>
public static class SceneSampler
{
    /// <summary>The next scene of a sequence.</summary>
    public static Scene Sample(WorldRandom random, WorldPreset preset)
    {
        var thing = random.Pick(preset.Classes);
        var color = random.Pick(preset.Colors);
        var background = random.Pick(preset.Backgrounds);
        var style = random.Pick(preset.Styles);
        var worn = random.Pick(preset.Accessories);
        var accessory = CanWear(thing, worn) ? worn : Accessory.None;
        return new Scene(thing, color, background, style, accessory, random.NextULong(), SampleView(random));
    }

    /// <summary>Scene number <paramref name="index"/> of a seed: workers can paint any part of a set in any order.</summary>
    public static Scene Sample(ulong seed, long index, WorldPreset preset) =>
        Sample(new WorldRandom(seed, (ulong)index + 1), preset);

    /// <summary>A random view within what is usual.</summary>
    public static View SampleView(WorldRandom random) => new(
        Turn: random.Range(-1, 1),
        Height: random.Range(0.62f, 0.84f),
        X: random.Range(-0.14f, 0.14f),
        Base: random.Range(0.74f, 0.86f),
        LeftArm: random.Chance(0.7f) ? random.Range(0, 0.2f) : random.Range(0.4f, 1),
        RightArm: random.Chance(0.7f) ? random.Range(0, 0.2f) : random.Range(0.4f, 1),
        Mirrored: random.Chance(0.5f));

    /// <summary>Whether a class can wear something: plush toys anything, a person hat or scarf, those with a head a hat, the others
    /// nothing.</summary>
    public static bool CanWear(ToyClass thing, Accessory accessory) => accessory switch
    {
        Accessory.None => true,
        Accessory.Hat => thing is ToyClass.RabbitToy or ToyClass.BearToy or ToyClass.DogToy or ToyClass.CatToy
            or ToyClass.DuckToy or ToyClass.RobotToy or ToyClass.Dog or ToyClass.Cat or ToyClass.Person,
        Accessory.Scarf when thing is ToyClass.Person => true,
        _ => thing is ToyClass.RabbitToy or ToyClass.BearToy or ToyClass.DogToy or ToyClass.CatToy,
    };
}
