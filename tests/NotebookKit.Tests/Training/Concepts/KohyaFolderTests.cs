using NotebookKit.Training.Concepts;

namespace NotebookKit.Tests.Training.Concepts;

public sealed class KohyaFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("10_zkr toy", 10, "zkr", "toy")]
    [InlineData("1_zkr", 1, "zkr", null)]
    [InlineData("3_zkr  plush toy ", 3, "zkr", "plush toy")]
    public void Its_name_gives_repeats_identifier_and_class(string name, int repeats, string identifier, string? kind)
    {
        var folder = KohyaFolder.Of(_folder[name])!;
        Assert.Equal((repeats, identifier, kind), (folder.Repeats, folder.Identifier, folder.Class));
    }

    [Theory]
    [InlineData("photos")]
    [InlineData("2024_holiday")]
    [InlineData("0_zkr toy")]
    [InlineData("10_")]
    [InlineData("zkr_10")]
    public void Other_names_are_names(string name) => Assert.Null(KohyaFolder.Of(_folder[name]));

    [Fact]
    public void A_folder_of_such_folders_is_as_many_concepts()
    {
        Picture("10_zkr toy", "a.png");
        Picture("2_vln dog", "b.png");
        Directory.CreateDirectory(_folder["notes"]);
        var concepts = KohyaFolder.Expand(new Concept { InstanceDir = _folder.Root, InstancePrompt = "" }).ToList();
        Assert.Equal([("zkr", "toy", 10), ("vln", "dog", 2)],
            concepts.Select(concept => (concept.InstanceToken!, concept.ClassToken!, concept.Repeats!.Value)));
        Assert.All(concepts, concept => Assert.Equal("[filewords]", concept.InstancePrompt));
    }

    [Fact]
    public void What_was_said_counts_more_than_a_name()
    {
        Picture("10_zkr toy", "a.png");
        var concept = Assert.Single(KohyaFolder.Expand(new Concept
        {
            InstanceDir = _folder["10_zkr toy"],
            InstancePrompt = "photo of qqv toy",
            Repeats = 2,
        }));
        Assert.Equal(("photo of qqv toy", null, 2), (concept.InstancePrompt, concept.InstanceToken, concept.Repeats));
        Assert.Contains("2 times in an epoch, with the prompts that were given", KohyaFolder.Sentence(concept), StringComparison.Ordinal);
    }

    [Fact]
    public void A_picture_without_a_caption_is_called_by_the_folders_words()
    {
        Picture("10_zkr toy", "IMG_0001.png");
        var concept = Assert.Single(KohyaFolder.Expand(new Concept { InstanceDir = _folder["10_zkr toy"], InstancePrompt = "" }));
        Assert.Equal("zkr toy", Assert.Single(TrainingPicture.Read(concept)).Prompt);
        Assert.Contains("10 times in an epoch, called zkr toy", Assert.Single(FolderNotices.Of(concept)), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private void Picture(string folder, string name)
    {
        Directory.CreateDirectory(_folder[folder]);
        File.WriteAllBytes(_folder[folder, name], []);
    }
}
