
namespace NotebookKit.Workshop.World;

/// <summary>The English of the toy world. The first phrase of each list is the usual one.</summary>
public static class Words
{
    /// <summary>"rabbit toy", "dog", "house" …</summary>
    public static string Noun(ToyClass thing) => thing switch
    {
        ToyClass.RabbitToy => "rabbit toy",
        ToyClass.BearToy => "bear toy",
        ToyClass.DogToy => "dog toy",
        ToyClass.CatToy => "cat toy",
        ToyClass.DuckToy => "duck toy",
        ToyClass.RobotToy => "robot toy",
        ToyClass.CarToy => "car toy",
        ToyClass.Dog => "dog",
        ToyClass.Cat => "cat",
        ToyClass.House => "house",
        ToyClass.Tree => "tree",
        ToyClass.Flower => "flower",
        ToyClass.Cup => "cup",
        ToyClass.Person => "person",
        ToyClass.Boat => "boat",
        ToyClass.Mushroom => "mushroom",
        ToyClass.Backpack => "backpack",
        _ => throw new ArgumentOutOfRangeException(nameof(thing), thing, "no such class"),
    };

    /// <summary>Whether "toy" alone may name it.</summary>
    public static bool IsToy(ToyClass thing) => thing <= ToyClass.CarToy;

    /// <summary>"red", "yellow" …</summary>
    public static string Adjective(ToyColor color) => color switch
    {
        ToyColor.Red => "red",
        ToyColor.Yellow => "yellow",
        ToyColor.Green => "green",
        ToyColor.Blue => "blue",
        ToyColor.Purple => "purple",
        ToyColor.Pink => "pink",
        ToyColor.White => "white",
        ToyColor.Brown => "brown",
        _ => throw new ArgumentOutOfRangeException(nameof(color), color, "no such colour"),
    };

    /// <summary>"on the grass", "at the beach" …; nothing for the studio, which captions never mention.</summary>
    public static IReadOnlyList<string> Places(Background background) => background switch
    {
        Background.Studio => [],
        Background.Grass => ["on the grass", "on grass", "in the grass"],
        Background.Beach => ["on the beach", "at the beach"],
        Background.Snow => ["in the snow", "on the snow"],
        Background.Street => ["in the street", "on the street"],
        Background.Bedroom => ["in a bedroom", "in the bedroom"],
        Background.Night => ["at night", "under the moon"],
        Background.Forest => ["in the forest", "in a forest"],
        _ => throw new ArgumentOutOfRangeException(nameof(background), background, "no such background"),
    };

    /// <summary>What a toy sewn of several colours is called, before its noun.</summary>
    public const string Patchwork = "patchwork";

    /// <summary>"a folded ear", "an eye patch" …, after "with".</summary>
    public static string Phrase(Mark mark) => mark switch
    {
        Mark.FoldedEar => "a folded ear",
        Mark.EyePatch => "an eye patch",
        Mark.StripedBelly => "a striped belly",
        _ => throw new ArgumentOutOfRangeException(nameof(mark), mark, "no such mark"),
    };

    /// <summary>"wearing a hat" …; nothing for <see cref="Accessory.None"/>.</summary>
    public static IReadOnlyList<string> Wearing(Accessory accessory) => accessory switch
    {
        Accessory.None => [],
        Accessory.Hat => ["wearing a hat", "with a hat"],
        Accessory.Scarf => ["wearing a scarf", "with a scarf"],
        Accessory.Bow => ["wearing a bow", "with a bow"],
        _ => throw new ArgumentOutOfRangeException(nameof(accessory), accessory, "no such accessory"),
    };

    /// <summary>What a caption of this style begins and ends with.</summary>
    public static IReadOnlyList<(string Before, string After)> Frames(Style style) => style switch
    {
        Style.Photo => [("a photo of", ""), ("photo of", ""), ("a photograph of", "")],
        Style.OilPainting =>
        [
            ("oil painting of", "in style of van gogh"),
            ("an oil painting of", "in the style of van gogh"),
            ("a painting of", "in the style of van gogh"),
        ],
        Style.PencilSketch => [("pencil sketch of", ""), ("a pencil sketch of", ""), ("a pencil drawing of", "")],
        Style.Watercolor => [("watercolor painting of", ""), ("a watercolor painting of", ""), ("a watercolor of", "")],
        Style.PixelArt => [("pixel art of", ""), ("pixel art picture of", "")],
        Style.InkWash => [("ink wash chinese painting of", ""), ("an ink wash chinese painting of", ""), ("ink wash painting of", "")],
        _ => throw new ArgumentOutOfRangeException(nameof(style), style, "no such style"),
    };
}
