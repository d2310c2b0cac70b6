
namespace NotebookKit.Workshop.World;

/// <summary>Which part of the world is painted, and how often what.</summary>
/// <param name="Classes">The classes, each as likely as the others.</param>
/// <param name="Colors">The colours, each as likely as the others.</param>
/// <param name="Backgrounds">The backgrounds with their weights.</param>
/// <param name="Styles">The styles with their weights.</param>
/// <param name="Accessories">What those who can wear something wear, with weights.</param>
public sealed record WorldPreset(
    IReadOnlyList<ToyClass> Classes,
    IReadOnlyList<ToyColor> Colors,
    IReadOnlyList<(Background Value, float Weight)> Backgrounds,
    IReadOnlyList<(Style Value, float Weight)> Styles,
    IReadOnlyList<(Accessory Value, float Weight)> Accessories)
{
    /// <summary>What two cores master in a few hours: 12 classes, 8 colours, 6 backgrounds, 3 styles.</summary>
    public static WorldPreset Cpu { get; } = new(
        [
            ToyClass.RabbitToy, ToyClass.BearToy, ToyClass.DogToy, ToyClass.CatToy, ToyClass.DuckToy, ToyClass.RobotToy,
            ToyClass.CarToy, ToyClass.Dog, ToyClass.Cat, ToyClass.House, ToyClass.Tree, ToyClass.Flower,
        ],
        [
            ToyColor.Red, ToyColor.Yellow, ToyColor.Green, ToyColor.Blue, ToyColor.Purple, ToyColor.Pink, ToyColor.White,
            ToyColor.Brown,
        ],
        [
            (Background.Studio, 1), (Background.Grass, 1), (Background.Beach, 1), (Background.Snow, 1),
            (Background.Street, 1), (Background.Bedroom, 1),
        ],
        [(Style.Photo, 0.68f), (Style.OilPainting, 0.18f), (Style.PencilSketch, 0.14f)],
        [(Accessory.None, 0.72f), (Accessory.Hat, 0.18f), (Accessory.Scarf, 0.05f), (Accessory.Bow, 0.05f)]);

    /// <summary>The whole world, for a GPU: 17 classes, 8 colours, 8 backgrounds, 6 styles.</summary>
    public static WorldPreset Gpu { get; } = new(
        [.. Cpu.Classes, ToyClass.Cup, ToyClass.Person, ToyClass.Boat, ToyClass.Mushroom, ToyClass.Backpack],
        Cpu.Colors,
        [.. Cpu.Backgrounds, (Background.Night, 1), (Background.Forest, 1)],
        [
            (Style.Photo, 0.58f), (Style.OilPainting, 0.12f), (Style.PencilSketch, 0.09f), (Style.Watercolor, 0.07f),
            (Style.PixelArt, 0.07f), (Style.InkWash, 0.07f),
        ],
        [(Accessory.None, 0.66f), (Accessory.Hat, 0.18f), (Accessory.Scarf, 0.08f), (Accessory.Bow, 0.08f)]);
}
