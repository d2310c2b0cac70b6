using NotebookKit.Training;

namespace NotebookKit.Tests.Training;

public sealed class TrainingPictureTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kit-pictures-").FullName;

    [Fact]
    public void Pictures_come_in_the_order_of_their_names_and_other_files_are_left_alone()
    {
        Touch("b.jpg", "a.PNG", "c.webp", "notes.txt", "d.gif");
        Assert.Equal(["a.PNG", "b.jpg", "c.webp"], TrainingPicture.ReadFolder(_folder, "p").Select(picture => Path.GetFileName(picture.Path)));
        Assert.All(TrainingPicture.ReadFolder(_folder, "p"), picture => Assert.Equal("p", picture.Prompt));
    }

    [Fact]
    public void Filewords_are_the_caption_beside_the_picture()
    {
        Touch("a.png");
        File.WriteAllText(Path.Combine(_folder, "a.txt"), " zwx toy on a beach\n");
        Assert.Equal("photo, zwx toy on a beach", Assert.Single(TrainingPicture.ReadFolder(_folder, "photo, [filewords]")).Prompt);
    }

    [Fact]
    public void A_missing_or_empty_caption_is_named()
    {
        Touch("a.png");
        Assert.Contains("a.txt", Assert.Throws<BadInputException>(() => TrainingPicture.ReadFolder(_folder, "[filewords]")).Message, StringComparison.Ordinal);
        Touch("a.txt");
        Assert.Contains("a.txt", Assert.Throws<BadInputException>(() => TrainingPicture.ReadFolder(_folder, "[filewords]")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_folder_and_a_folder_without_pictures_are_refused()
    {
        Assert.Contains("no picture", Assert.Throws<BadInputException>(() => TrainingPicture.ReadFolder(_folder, "p")).Message, StringComparison.Ordinal);
        Assert.Contains("nowhere", Assert.Throws<BadInputException>(() => TrainingPicture.ReadFolder(Path.Combine(_folder, "nowhere"), "p")).Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Touch(params string[] names)
    {
        foreach (var name in names)
            File.WriteAllBytes(Path.Combine(_folder, name), []);
    }
}
