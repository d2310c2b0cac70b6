using NotebookKit.Pipeline;

namespace NotebookKit.Tests.Pipeline;

/// <summary>What is said at once, without a network, of a base that is not there.</summary>
public sealed class ModelSourceTests : IDisposable
{
    private readonly string _folder = Directory.CreateDirectory("models-" + Path.GetRandomFileName()).Name; // in the working folder

    [Fact]
    public void A_path_below_a_folder_that_exists_is_a_path_and_not_a_models_name()
    {
        var sentence = Refusal(_folder + "/sd15");
        Assert.Contains($"{_folder}/sd15 does not exist, though the folder {_folder} does", sentence, StringComparison.Ordinal);
        Assert.Contains("if a model on the hub is meant", sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("./nowhere")]
    [InlineData("../a/b")]
    [InlineData("/no/such/folder")]
    [InlineData("nowhere")]
    [InlineData("a/b/c")]
    public void What_can_be_no_models_name_is_not_looked_for_on_the_hub(string source) =>
        Assert.Contains($"{source} is no folder or file that exists, and no model's name", Refusal(source), StringComparison.Ordinal);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Refusal(string source) =>
        Assert.ThrowsAny<BadInputException>(() => StableDiffusion.Load(source)).Message;
}
