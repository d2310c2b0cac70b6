using NotebookKit.Workshop.World;

namespace NotebookKit.Tests.Workshop;

public sealed class SceneCaptionsTests
{
    private static readonly (Scene Scene, SceneCaption Caption)[] Many =
        [.. Enumerable.Range(0, 4000).Select(i => SceneSampler.Sample(3, i, WorldPreset.Gpu))
            .Select(s => (s, SceneCaptions.Describe(s, new WorldRandom(s.Seed))))];

    [Fact]
    public void A_caption_never_says_what_the_picture_does_not_show()
    {
        foreach (var (scene, caption) in Many)
        {
            Assert.Equal(scene.Style, caption.Style);
            Assert.True(caption.Class is null ? Words.IsToy(scene.Class) : caption.Class == scene.Class);
            Assert.True(caption.Color is null || caption.Color == scene.Color && scene.Style is not (Style.PencilSketch or Style.InkWash));
            Assert.True(caption.Background is null || caption.Background == scene.Background && scene.Background != Background.Studio);
            Assert.True(caption.Accessory is null || caption.Accessory == scene.Accessory);
        }
    }

    [Fact]
    public void The_words_are_exactly_the_claims()
    {
        foreach (var (_, caption) in Many)
        {
            var padded = $" {caption.Text} ";
            foreach (var color in Enum.GetValues<ToyColor>())
                Assert.Equal(caption.Color == color, padded.Contains($" {Words.Adjective(color)} "));
            foreach (var place in Enum.GetValues<Background>())
                Assert.Equal(caption.Background == place, Words.Places(place).Any(p => padded.Contains($" {p} ")));
            foreach (var worn in Enum.GetValues<Accessory>())
                Assert.Equal(caption.Accessory == worn, Words.Wearing(worn).Any(w => padded.Contains($" {w} ")));
            foreach (var style in Enum.GetValues<Style>())
                Assert.Equal(caption.Style == style,
                    Words.Frames(style).Any(f => caption.Text.StartsWith(f.Before + " ") && caption.Text.EndsWith(f.After)));
            Assert.Contains(caption.Class is { } thing ? $" {Words.Noun(thing)} " : " toy ", padded);
            Assert.DoesNotContain("  ", caption.Text);
        }
    }

    [Fact]
    public void The_shares_are_those_of_the_recipe()
    {
        Near(0.85, Many.Where(m => m.Scene.ShowsColor), m => m.Caption.Color is not null);
        Near(0.92, Many.Where(m => m.Scene.Background != Background.Studio), m => m.Caption.Background is not null);
        Near(0.90, Many.Where(m => m.Scene.Accessory != Accessory.None), m => m.Caption.Accessory is not null);
        Near(0.85, Many, m => m.Caption.Article);
        Near(0.10, Many.Where(m => Words.IsToy(m.Scene.Class)), m => m.Caption.Class is null);
        Near(0.08, Many, m => m.Caption.RareWords.Count > 0);

        static void Near(double share, IEnumerable<(Scene Scene, SceneCaption Caption)> cases,
            Func<(Scene Scene, SceneCaption Caption), bool> holds) =>
            Assert.InRange(cases.Average(c => holds(c) ? 1.0 : 0.0), share - 0.035, share + 0.035);
    }

    [Fact]
    public void Of_what_a_drawn_individual_wears_every_other_caption_is_silent()
    {
        double Named(Style style) => Enumerable.Range(0, 3000)
            .Select(i => Scene.Of(new Individual(3, i), Background.Grass, style, (ulong)i, new View()))
            .Where(scene => scene.Accessory != Accessory.None)
            .Average(scene => SceneCaptions.Describe(scene, new WorldRandom(scene.Seed)).Accessory is null ? 0.0 : 1.0);
        Assert.InRange(Named(Style.PencilSketch), 0.45, 0.55);
        Assert.InRange(Named(Style.OilPainting), 0.87, 0.93);
    }

    [Fact]
    public void The_full_caption_is_the_natural_one()
    {
        var scene = new Scene(ToyClass.RabbitToy, ToyColor.Red, Background.Grass, Style.Photo, Accessory.None, 1, new View());
        Assert.Equal("a photo of a red rabbit toy on the grass", SceneCaptions.Full(scene).Text);
        Assert.Equal("a photo of a red rabbit toy wearing a hat",
            SceneCaptions.Full(scene with { Background = Background.Studio, Accessory = Accessory.Hat }).Text);
        Assert.Equal("oil painting of a red rabbit toy on the grass in style of van gogh",
            SceneCaptions.Full(scene with { Style = Style.OilPainting }).Text);
        Assert.Equal("a photo of a person in red on the grass", SceneCaptions.Full(scene with { Class = ToyClass.Person }).Text);
        Assert.Equal("ink wash chinese painting of a rabbit toy on the grass",
            SceneCaptions.Full(scene with { Style = Style.InkWash }).Text);
        Assert.Equal("pencil sketch of a rabbit toy on the grass", SceneCaptions.Full(scene with { Style = Style.PencilSketch }).Text);
    }

    [Fact]
    public void Of_an_individual_a_caption_says_that_it_is_patchwork_and_only_marks_that_can_be_seen()
    {
        var toys = Enumerable.Range(0, 400).Select(i => new Individual(3, i)).ToList();
        var all = toys.ConvertAll(toy => SceneCaptions.Full(Scene.Of(toy, Background.Grass, Style.Photo, 1, new View())));
        foreach (var (toy, caption) in toys.Zip(all))
        {
            Assert.Null(caption.Color);
            Assert.Equal(toy.Patchwork, caption.Text.Contains(" patchwork ", StringComparison.Ordinal));
            Assert.All(Enum.GetValues<Mark>(),
                mark => Assert.Equal(toy.Marks.Contains(mark), caption.Text.Contains(Words.Phrase(mark), StringComparison.Ordinal)));
            Assert.All(SceneCaptions.Describe(Scene.Of(toy, Background.Grass, Style.Photo, 1, new View()), new WorldRandom(7)).Marks,
                mark => Assert.Contains(mark, toy.Marks));
        }
        Assert.Contains("a photo of a patchwork rabbit toy with a folded ear and an eye patch on the grass", all.Select(c => c.Text));
        Assert.DoesNotContain(toys, toy => toy.Marks.Count == Enum.GetValues<Mark>().Length);
    }

    [Theory]
    [InlineData(CaptionAttribute.Class)]
    [InlineData(CaptionAttribute.Color)]
    [InlineData(CaptionAttribute.Background)]
    [InlineData(CaptionAttribute.Style)]
    public void A_wrong_caption_is_wrong_in_one_thing_only(CaptionAttribute attribute)
    {
        foreach (var (_, caption) in Many.Where(m => m.Caption.Mentions(attribute)).Take(300))
        {
            var wrong = caption.WithWrong(attribute, new WorldRandom(1), WorldPreset.Gpu);
            Assert.NotEqual(caption.Text, wrong.Text);
            Assert.Equal(attribute == CaptionAttribute.Class, wrong.Class != caption.Class);
            Assert.Equal(attribute == CaptionAttribute.Color, wrong.Color != caption.Color);
            Assert.Equal(attribute == CaptionAttribute.Background, wrong.Background != caption.Background);
            Assert.Equal(attribute == CaptionAttribute.Style, wrong.Style != caption.Style);
            Assert.NotEqual(Background.Studio, wrong.Background);
        }
    }

    [Fact]
    public void What_is_not_mentioned_cannot_be_made_wrong()
    {
        var caption = Many.First(m => m.Caption.Color is null).Caption;
        Assert.Throws<InvalidOperationException>(() => caption.WithWrong(CaptionAttribute.Color, new WorldRandom(1), WorldPreset.Gpu));
    }

    [Fact]
    public void Rare_words_come_from_whoever_supplies_them_and_are_never_the_subjects_own()
    {
        var random = new WorldRandom(2);
        var scene = Many[0].Scene;
        var captions = Enumerable.Range(0, 500).Select(_ => SceneCaptions.Describe(scene, random, _ => "qqq"))
            .Where(c => c.RareWords.Count > 0).ToArray();
        Assert.NotEmpty(captions);
        Assert.All(captions, c => Assert.Contains(" qqq ", c.Text));
        Assert.DoesNotContain(SampleRabbit.Identifier, Enumerable.Range(0, 20000).Select(_ => SceneCaptions.RareWord(random)));
    }
}
