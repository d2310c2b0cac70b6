using NotebookKit.Images;
using NotebookKit.Training.Concepts;

namespace NotebookKit.Tests.Training.Concepts;

/// <summary>What is said of a folder before anything is trained on it.</summary>
public sealed class FolderNoticesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private Concept Concept => new() { InstanceDir = _folder.Root, InstancePrompt = "[filewords]" };

    [Fact]
    public void Pictures_of_kinds_that_are_not_read_are_named()
    {
        Touch("a.png", "a.txt", "IMG_0004.HEIC", "three.tiff", "notes.md");
        Assert.Equal("2 pictures are not read: IMG_0004.HEIC, three.tiff; save them as PNG or JPEG.",
            Assert.Single(FolderNotices.Of(Concept)));
    }

    [Fact]
    public void Pictures_without_captions_are_told_with_what_is_read_instead()
    {
        Touch("a.png", "a.txt", "b.png", "c.png", "c.caption");
        Assert.Equal("1 of 3 pictures have no .txt or .caption beside them, so their names are their captions: \"b\" of b.png.",
            Assert.Single(FolderNotices.Of(Concept)));
    }

    [Theory]
    [InlineData("a zwx toy on grass.png", false)]
    [InlineData("IMG_0002.PNG", true)]
    [InlineData("20240102_112233.jpg", true)]
    [InlineData("rabbit-1.png", true)]
    [InlineData("image (3).png", true)]
    public void A_folder_without_any_caption_is_told_where_its_names_are_a_cameras(string name, bool told)
    {
        Touch(name);
        Assert.Equal(told, FolderNotices.Of(Concept).Any());
    }

    [Fact]
    public void Another_ending_is_looked_for_alone()
    {
        Touch("a.png", "a.txt", "b.png", "b.tags");
        Assert.Contains("1 of 2 pictures have no .tags beside them",
            Assert.Single(FolderNotices.Of(Concept with { CaptionExtension = "tags" })), StringComparison.Ordinal);
    }

    [Fact]
    public void A_prompt_without_captions_asks_for_none()
    {
        Touch("IMG_0002.png");
        Assert.Empty(FolderNotices.Of(Concept with { InstancePrompt = "photo of zwx toy" }));
    }

    [Fact]
    public void All_bad_pictures_stand_in_one_sentence()
    {
        new RgbImage(8, 8).SavePng(_folder["good.png"]);
        File.WriteAllText(_folder["a.png"], "no picture");
        File.WriteAllText(_folder["b.jpg"], "nor this");
        var e = Assert.ThrowsAny<BadInputException>(() => TrainingPicture.Check(_folder.Root));
        Assert.StartsWith("2 pictures of", e.Message, StringComparison.Ordinal);
        Assert.Contains("a.png", e.Message, StringComparison.Ordinal);
        Assert.Contains("b.jpg", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Small_and_transparent_pictures_are_found()
    {
        var findings = new PictureFindings();
        findings.Look("dir/tiny.png", new RgbImage(32, 200), 64, 64);
        findings.Look("dir/soft.png", new RgbImage(33, 33), 64, 64);
        Assert.Equal("Enlarged at least 2 times, so blur is learned with the subject: tiny.png (32×200, trained at 64×64); give larger "
            + "pictures, or a smaller --size.", Assert.Single(findings.Sentences()));
        // One pixel of red at half opacity.
        File.WriteAllBytes(_folder["glass.png"], Convert.FromBase64String(
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DQAAAEgQGALFXOsAAAAABJRU5ErkJggg=="));
        Assert.Contains("learned as white: glass.png", Assert.Single(TrainingPicture.Check(_folder.Root)), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private void Touch(params string[] names)
    {
        foreach (var name in names)
            File.WriteAllText(_folder[name], name.EndsWith(".txt", StringComparison.Ordinal) ? "zwx toy" : "");
    }
}
