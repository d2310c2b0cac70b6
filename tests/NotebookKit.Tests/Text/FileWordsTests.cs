using NotebookKit.Text;

namespace NotebookKit.Tests.Text;

public sealed class FileWordsTests
{
    private static readonly FileWords Rufus = new("[filewords]", "[filewords]", "Rufus", "cat");

    [Theory]
    [InlineData("A photo of Rufus dancing", "A photo of Rufus cat dancing", "A photo of cat dancing")]
    [InlineData("Close up,bedroom background", "Rufus cat, Close up, bedroom background", "cat, Close up, bedroom background")]
    [InlineData("Rufus the cat", "Rufus the cat", "the cat")]
    public void Rufus_comes_out_as_the_article_prints_him(string caption, string instance, string @class) =>
        Assert.Equal((instance, @class), (Rufus.Instance(caption), Rufus.Class(caption)));

    [Theory]
    [InlineData("Arnold Schwarzenegger, man, sunglasses, black coat, muscular, scene from Terminator",
        "man, sunglasses, black coat, muscular, scene from Terminator")]
    [InlineData("Arnold Schwarzenegger, man, suit, red tie, smiling", "man, suit, red tie, smiling")]
    [InlineData("Arnold Schwarzenegger, muscular, smiling, man, flexing, black and white",
        "muscular, smiling, man, flexing, black and white")]
    public void Schwarzenegger_too_without_a_leading_comma(string caption, string @class)
    {
        var words = new FileWords("[filewords]", "[filewords]", "Arnold Schwarzenegger", "man");
        Assert.Equal((caption, @class), (words.Instance(caption), words.Class(caption)));
    }

    [Theory]
    // Both tokens, instance prompt: has the instance token, has the class token.
    [InlineData("Rufus", "cat", "the cat Rufus sleeps", "the cat Rufus sleeps")]
    [InlineData("Rufus", "cat", "a photo of a Cat, asleep", "a photo of Rufus cat, asleep")]
    [InlineData("Rufus", "cat", "rufus dancing", "Rufus cat dancing")]
    [InlineData("Rufus", "cat", "dancing", "Rufus cat, dancing")]
    // One token, or none.
    [InlineData("Rufus", null, "Rufus dancing", "Rufus, Rufus dancing")]
    [InlineData("Rufus", null, "dancing", "Rufus, dancing")]
    [InlineData(null, "cat", "a cat dancing", "a cat dancing")]
    [InlineData(null, null, "a cat dancing", "a cat dancing")]
    public void Every_row_of_the_instance_prompts(string? instance, string? @class, string caption, string expected) =>
        Assert.Equal(expected, new FileWords("[filewords]", "[filewords]", instance, @class).Instance(caption));

    [Theory]
    [InlineData("Rufus", "cat", "Rufus the cat", "the cat")]
    [InlineData("Rufus", "cat", "a photo of rufus, asleep", "a photo of cat, asleep")]
    [InlineData("Rufus", "cat", "a cat asleep", "a cat asleep")]
    [InlineData("Rufus", "cat", "asleep", "cat, asleep")]
    [InlineData(null, "cat", "a cat asleep", "cat, a cat asleep")]
    [InlineData(null, "cat", "asleep", "cat, asleep")]
    [InlineData(null, null, "asleep", "asleep")]
    public void Every_row_of_the_class_prompts(string? instance, string? @class, string caption, string expected) =>
        Assert.Equal(expected, new FileWords("[filewords]", "[filewords]", instance, @class).Class(caption));

    [Theory]
    [InlineData("the cat Rufus sleeps", "the cat Rufus sleeps")]
    [InlineData("a photo of the cat asleep", "a photo of Rufus asleep")]
    [InlineData("a photo of rufus asleep", "a photo of Rufus asleep")]
    [InlineData("asleep", "Rufus, asleep")]
    public void The_instance_token_alone_is_an_option(string caption, string expected) =>
        Assert.Equal(expected, (Rufus with { InstanceTokenOnly = true }).Instance(caption));

    [Theory]
    [InlineData("Rufus's cat", "cat")]                                // no stray 's
    [InlineData("the catalog and a cat", "the catalog and a cat")]    // whole words only
    [InlineData("", "cat")]                                           // no loose comma
    [InlineData("Rufus, , cat ,grass", "cat, grass")]
    public void What_the_extension_left_behind_is_cleaned_up(string caption, string @class) => Assert.Equal(@class, Rufus.Class(caption));

    [Fact]
    public void Tokens_are_text_and_no_patterns()
    {
        var words = new FileWords("[filewords]", "[filewords]", "m$1 (v1.0)", "c++ toy");
        Assert.Equal("m$1 (v1.0) c++ toy, on grass", words.Instance("on grass"));
        Assert.Equal("a m$1 (v1.0) c++ toy", words.Instance("a m$1 (v1.0)"));
        Assert.Equal("m1 v1x0, c++ toy", words.Class("m1 v1x0, c++ toy"));
    }

    [Fact]
    public void Filewords_may_stand_within_a_prompt_and_tokens_work_without_them()
    {
        Assert.Equal("best photo, Rufus cat on grass",
            (Rufus with { InstancePrompt = "best photo, [filewords]" }).Instance("cat on grass"));
        Assert.Equal("photo of Rufus cat", (Rufus with { InstancePrompt = "photo of a cat" }).Instance("ignored"));
        Assert.Null((Rufus with { ClassPrompt = null }).Class("Rufus"));
    }

    [Fact]
    public void Commas_are_followed_by_one_space_but_numbers_stay_whole() =>
        Assert.Equal("one, 1,000 toys, two words", FileWords.Tidy(" one ,1,000  toys,, two\n words ,"));

    [Fact]
    public void A_caption_is_the_text_beside_the_picture_or_its_name_without_the_number()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["1.txt"], " a toy\n");
        Assert.Equal("a toy", FileWords.CaptionOf(folder["1.png"]));
        Assert.Equal("Rufus dancing", FileWords.CaptionOf(folder["0012- Rufus dancing.jpg"]));
        Assert.Equal("zwx toy 2", FileWords.CaptionOf(folder["zwx toy 2.jpg"]));
        Assert.Equal("", FileWords.CaptionOf(folder["0012.jpg"]));
    }
}
