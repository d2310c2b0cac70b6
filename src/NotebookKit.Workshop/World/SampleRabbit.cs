using NotebookKit.Images;
using NotebookKit.Workshop.World.Drawing;
using NotebookKit.Workshop.World.Figures;

namespace NotebookKit.Workshop.World;

/// <summary>
/// The subject of the lessons: one particular plush rabbit that the base model has never seen. Teal body, cream head, one
/// folded ear, a teal patch round one eye, a striped belly and a yellow bow tie; of the rabbits of the training set some are
/// sewn of other colours, some have a folded ear, a patch, a striped belly or a bow, but none has them all.
/// </summary>
public static class SampleRabbit
{
    /// <summary>The identifier that the captions give it.</summary>
    public const string Identifier = "zwx";

    private static readonly Rgb Teal = new(0.05f, 0.56f, 0.58f);
    private static readonly Rgb Cream = new(0.98f, 0.92f, 0.78f);

    /// <summary>What it is sewn of.</summary>
    internal static readonly Coat Sewn = new(
        Head: Cream,
        Body: Teal,
        Belly: new Rgb(1.00f, 0.93f, 0.82f),
        Muzzle: new Rgb(1.00f, 0.97f, 0.92f),
        EarLining: new Rgb(0.98f, 0.62f, 0.68f),
        Ears: Teal,
        BellyStripe: new Rgb(0.95f, 0.42f, 0.30f),
        EyePatch: Teal,
        Bow: new Rgb(1.00f, 0.80f, 0.08f),
        FoldedEar: true);

    /// <summary>The five photos of <c>data/sample-rabbit</c>.</summary>
    public static IReadOnlyList<RabbitPhoto> Photos { get; } =
    [
        new(Background.Grass, new View(Turn: -0.3f, Height: 0.80f, X: 0.04f, Base: 0.82f), 21),
        new(Background.Beach, new View(Turn: 0.6f, Height: 0.76f, X: -0.06f, Base: 0.80f, RightArm: 0.8f), 22),
        new(Background.Bedroom, new View(Turn: 0.1f, Height: 0.82f, X: 0.02f, Base: 0.85f, LeftArm: 0.55f, RightArm: 0.55f), 23),
        new(Background.Street, new View(Turn: -0.7f, Height: 0.74f, X: 0.08f, Base: 0.78f, LeftArm: 0.9f), 24),
        new(Background.Snow, new View(Turn: 0.4f, Height: 0.72f, X: -0.10f, Base: 0.82f, LeftArm: 0.1f, RightArm: 0.35f), 25),
    ];

    /// <summary>Paints the subject.</summary>
    /// <param name="view">How it is seen.</param>
    /// <param name="background">Where it sits.</param>
    /// <param name="seed">What the surroundings look like in detail.</param>
    /// <param name="size">Width and height in pixels.</param>
    /// <param name="style">How the picture is made.</param>
    public static RgbImage Paint(View view, Background background, ulong seed, int size, Style style = Style.Photo)
    {
        ArgumentNullException.ThrowIfNull(view);
        return Paint(Sewn, Accessory.Bow, view, background, seed, size, style);
    }

    /// <summary>Paints the subject as it would be in another coat, or without its bow.</summary>
    internal static RgbImage Paint(Coat coat, Accessory worn, View view, Background background, ulong seed, int size, Style style)
    {
        var pixels = Painter.Render(
            sheet =>
            {
                Ground.Draw(sheet, background, seed);
                Cast.Place(sheet, view, 2.22f, (-0.8f, 0.8f));
                PlushToy.Draw(sheet, ToyClass.RabbitToy, coat, view, worn);
            },
            style, seed, view, size);
        return new RgbImage(size, size, pixels);
    }

    /// <summary>Writes the five photos, 512×512, each with its caption in a text file of the same name.</summary>
    /// <param name="folder">The folder; made where it is missing.</param>
    public static void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        for (var i = 0; i < Photos.Count; i++)
        {
            Photos[i].Paint(512).SavePng(Path.Combine(folder, $"rabbit-{i + 1}.png"));
            File.WriteAllText(Path.Combine(folder, $"rabbit-{i + 1}.txt"), Photos[i].Caption + "\n");
        }
    }
}

/// <summary>One photo of the subject.</summary>
/// <param name="Background">Where it sits.</param>
/// <param name="View">How it is seen.</param>
/// <param name="Seed">What the surroundings look like in detail.</param>
public sealed record RabbitPhoto(Background Background, View View, ulong Seed)
{
    /// <summary>"photo of zwx rabbit toy on the grass": the identifier, the class and what is not the subject.</summary>
    public string Caption =>
        string.Join(' ', ["photo of", SampleRabbit.Identifier, Words.Noun(ToyClass.RabbitToy), .. Words.Places(Background).Take(1)]);

    /// <summary>Paints it.</summary>
    public RgbImage Paint(int size) => SampleRabbit.Paint(View, Background, Seed, size);
}
