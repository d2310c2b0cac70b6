
namespace NotebookKit.Workshop.World;

/// <summary>What a caption can be wrong about.</summary>
public enum CaptionAttribute
{
    /// <summary>What the picture is of.</summary>
    Class,

    /// <summary>Its colour.</summary>
    Color,

    /// <summary>Where it stands.</summary>
    Background,

    /// <summary>How the picture is made.</summary>
    Style,
}

/// <summary>
/// A caption and exactly what it claims. What is null is not mentioned, and says nothing about the picture.
/// </summary>
/// <param name="Class">The class; null where the caption says only "toy".</param>
/// <param name="Color">The colour, or null.</param>
/// <param name="Background">The background, or null.</param>
/// <param name="Style">The style, which every caption names.</param>
/// <param name="Accessory">What is worn, or null.</param>
/// <param name="Article">Whether "a" stands before the noun.</param>
/// <param name="RareWords">Words without meaning before the noun; usually none.</param>
/// <param name="Phrasing">Which of the phrasings of style, background and accessory is used.</param>
public sealed record SceneCaption(
    ToyClass? Class,
    ToyColor? Color,
    Background? Background,
    Style Style,
    Accessory? Accessory,
    bool Article,
    IReadOnlyList<string> RareWords,
    (int Frame, int Place, int Wearing) Phrasing)
{
    /// <summary>Whether it says that the toy is sewn of several colours.</summary>
    public bool Patchwork { get; init; }

    /// <summary>The marks that it mentions.</summary>
    public IReadOnlyList<Mark> Marks { get; init; } = [];

    /// <summary>The caption in words.</summary>
    public string Text
    {
        get
        {
            var (before, after) = Choose(Words.Frames(Style), Phrasing.Frame);
            IEnumerable<string> words =
            [
                before,
                Article ? "a" : "",
                Color is { } color && Class != ToyClass.Person ? Words.Adjective(color) : "",
                Patchwork ? Words.Patchwork : "",
                .. RareWords,
                Class is { } thing ? Words.Noun(thing) : "toy",
                Color is { } clothes && Class == ToyClass.Person ? $"in {Words.Adjective(clothes)}" : "",
                Marks.Count > 0 ? $"with {string.Join(" and ", Marks.Select(Words.Phrase))}" : "",
                Accessory is { } worn and not World.Accessory.None ? Choose(Words.Wearing(worn), Phrasing.Wearing) : "",
                Background is { } place and not World.Background.Studio ? Choose(Words.Places(place), Phrasing.Place) : "",
                after,
            ];
            return string.Join(' ', words.Where(w => w.Length > 0));
        }
    }

    /// <summary>Whether the caption says something about the attribute.</summary>
    public bool Mentions(CaptionAttribute attribute) => attribute switch
    {
        CaptionAttribute.Class => Class is not null,
        CaptionAttribute.Color => Color is not null,
        CaptionAttribute.Background => Background is not null,
        _ => true,
    };

    /// <summary>
    /// The same caption with one word wrong. A model that reads captions finds the true one the better description of the
    /// picture; the share of cases in which it does is a measure of prompt following that moves long before samples do.
    /// </summary>
    /// <param name="attribute">What is to be wrong; the caption must mention it.</param>
    /// <param name="random">Chooses the wrong value.</param>
    /// <param name="preset">Whose classes, colours, backgrounds and styles to choose from.</param>
    /// <exception cref="InvalidOperationException">The caption does not mention the attribute.</exception>
    public SceneCaption WithWrong(CaptionAttribute attribute, WorldRandom random, WorldPreset preset)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentNullException.ThrowIfNull(preset);
        if (!Mentions(attribute))
            throw new InvalidOperationException($"\"{Text}\" does not mention its {attribute}.");
        return attribute switch
        {
            CaptionAttribute.Class => this with { Class = Other(preset.Classes, Class!.Value, random) },
            CaptionAttribute.Color => this with { Color = Other(preset.Colors, Color!.Value, random) },
            CaptionAttribute.Background => this with
            {
                Background = Other([.. preset.Backgrounds.Select(b => b.Value).Where(b => b != World.Background.Studio)], Background!.Value,
                    random),
            },
            _ => this with { Style = Other([.. preset.Styles.Select(s => s.Value)], Style, random) },
        };
    }

    /// <summary>The caption itself.</summary>
    public override string ToString() => Text;

    private static T Other<T>(IReadOnlyList<T> all, T but, WorldRandom random) =>
        random.Pick([.. all.Where(value => !EqualityComparer<T>.Default.Equals(value, but))]);

    // A swapped word may have fewer phrasings than the one it stands for.
    private static T Choose<T>(IReadOnlyList<T> phrasings, int index) => phrasings[index % phrasings.Count];
}
