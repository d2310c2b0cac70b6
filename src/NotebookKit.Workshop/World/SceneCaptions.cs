namespace NotebookKit.Workshop.World;

/// <summary>Captions of scenes: several phrasings, never a false word.</summary>
public static class SceneCaptions
{
    private const string RareLetters = "bcdfghjklmnpqrstvwxz";

    /// <summary>
    /// A random caption of a scene. Class and style are named (one toy in ten is only "toy"), the colour in 85 % where the
    /// style has colour, the background in 92 % (the studio never), what is worn in 90 %, but of a drawn individual in 50 %,
    /// so that a bow may also come from what is known of a toy. Of an individual it is said that it is sewn of several
    /// colours, never of which, and each mark in 60 %. In 8 % words without meaning stand before the noun, so that the model
    /// takes an identifier it has never seen for neutral.
    /// </summary>
    /// <param name="scene">The scene.</param>
    /// <param name="random">Chooses what is said, and how.</param>
    /// <param name="rareWord">Makes up a word without meaning; left out, <see cref="RareWord"/>.</param>
    public static SceneCaption Describe(Scene scene, WorldRandom random, Func<WorldRandom, string>? rareWord = null)
    {
        ArgumentNullException.ThrowIfNull(scene);
        ArgumentNullException.ThrowIfNull(random);
        // Every caption draws the same numbers in the same order, whatever comes of them.
        var onlyToy = random.Chance(0.10f) && Words.IsToy(scene.Class);
        var color = random.Chance(0.85f) && scene.ShowsColor;
        var place = random.Chance(0.92f) && scene.Background != Background.Studio;
        var drawn = scene.Individual is not null && !scene.InColor;
        var worn = random.Chance(drawn ? 0.5f : 0.90f) && scene.Accessory != Accessory.None;
        var article = random.Chance(0.85f);
        var phrasing = (Often(random), Often(random), Often(random));
        List<string> rare = [];
        if (random.Chance(0.08f))
        {
            for (var more = true; more && rare.Count < 3; more = random.Chance(0.3f))
                rare.Add((rareWord ?? RareWord)(random));
        }

        return new SceneCaption(
            onlyToy ? null : scene.Class,
            color ? scene.Color : null,
            place ? scene.Background : null,
            scene.Style,
            worn ? scene.Accessory : null,
            article,
            rare,
            phrasing)
        {
            Patchwork = scene.Individual is { Patchwork: true },
            Marks = [.. (scene.Individual?.Marks ?? []).Where(_ => random.Chance(0.6f))],
        };
    }

    /// <summary>A random caption of a scene in words; see <see cref="Describe"/>.</summary>
    public static string Caption(Scene scene, WorldRandom random) => Describe(scene, random).Text;

    /// <summary>The caption that says all there is to say, in the usual words: "a photo of a red rabbit toy on the grass".</summary>
    public static SceneCaption Full(Scene scene)
    {
        ArgumentNullException.ThrowIfNull(scene);
        return new SceneCaption(
            scene.Class,
            scene.ShowsColor ? scene.Color : null,
            scene.Background == Background.Studio ? null : scene.Background,
            scene.Style,
            scene.Accessory == Accessory.None ? null : scene.Accessory,
            Article: true,
            [],
            (0, 0, 0))
        {
            Patchwork = scene.Individual is { Patchwork: true },
            Marks = scene.Individual?.Marks ?? [],
        };
    }

    /// <summary>An unpronounceable word of three or four consonants; never "zwx" or "sks", which the lessons teach anew.</summary>
    public static string RareWord(WorldRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        while (true)
        {
            var length = 3 + random.Below(2);
            var word = string.Concat(Enumerable.Range(0, length).Select(_ => RareLetters[random.Below(RareLetters.Length)]));
            if (word is not ("zwx" or "sks"))
                return word;
        }
    }

    // The usual phrasing in three cases of five.
    private static int Often(WorldRandom random) => random.Chance(0.6f) ? 0 : 1 + random.Below(2);
}
