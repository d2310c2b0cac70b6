using NotebookKit.Training.Concepts;

namespace NotebookKit.Tests.Training.Concepts;

public sealed class TrainingPictureTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private Concept Concept => new() { InstanceDir = _folder.Root, InstancePrompt = "p" };

    [Fact]
    public void Pictures_come_in_the_order_of_their_names_and_other_files_are_left_alone()
    {
        Touch("b.jpg", "a.PNG", "c.webp", "notes.txt", "d.gif", "e.tiff");
        Assert.Equal(["a.PNG", "b.jpg", "c.webp", "d.gif"],
            TrainingPicture.Read(Concept).Select(picture => Path.GetFileName(picture.Path)));
        Assert.All(TrainingPicture.Read(Concept), picture => Assert.Equal("p", picture.Prompt));
    }

    [Fact]
    public void Filewords_are_the_caption_beside_the_picture_or_its_name()
    {
        Touch("1 zwx toy.png", "a.png");
        File.WriteAllText(_folder["a.txt"], " zwx toy on a beach\n");
        var pictures = TrainingPicture.Read(Concept with
        {
            InstancePrompt = "photo, [filewords]",
            ClassPrompt = "[filewords]",
            InstanceToken = "zwx",
            ClassToken = "toy"
        });
        Assert.Equal(["photo, zwx toy", "photo, zwx toy on a beach"], pictures.Select(picture => picture.Prompt));
        Assert.Equal(["toy", "toy on a beach"], pictures.Select(picture => picture.ClassPrompt));
    }

    [Fact]
    public void A_picture_without_any_prompt_is_named()
    {
        Touch("01.png");
        Assert.Contains("01.txt",
            Assert.ThrowsAny<BadInputException>(() => TrainingPicture.Read(Concept with { InstancePrompt = "[filewords]" })).Message,
            StringComparison.Ordinal);
        Assert.Equal("zwx toy",
            Assert.Single(TrainingPicture.Read(Concept with
            {
                InstancePrompt = "[filewords]",
                InstanceToken = "zwx",
                ClassToken = "toy"
            })).Prompt);
    }

    [Fact]
    public void Masks_and_weights_belong_to_their_picture()
    {
        Touch("a.jpg", "a.mask.png", "b.jpg");
        var pictures = TrainingPicture.Read(Concept with
        {
            Weight = 2,
            PictureWeights = new Dictionary<string, double> { ["b.jpg"] = 0.5 }
        });
        Assert.Equal([_folder["a.mask.png"], null], pictures.Select(picture => picture.Mask));
        Assert.Equal([2, 1], pictures.Select(picture => picture.Weight));
    }

    [Fact]
    public void A_missing_folder_and_a_folder_without_pictures_are_refused()
    {
        Assert.Contains("no picture", Assert.ThrowsAny<BadInputException>(() => TrainingPicture.Read(Concept)).Message,
            StringComparison.Ordinal);
        Assert.Contains("nowhere",
            Assert.ThrowsAny<BadInputException>(() => TrainingPicture.Read(Concept with { InstanceDir = _folder["nowhere"] })).Message,
            StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private void Touch(params string[] names)
    {
        foreach (var name in names)
            File.WriteAllBytes(_folder[name], []);
    }
}
