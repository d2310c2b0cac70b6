using NotebookKit.Lora.Use;

namespace NotebookKit.Tests.Lora;

public sealed class LoraReferenceParseTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kit-loras-").FullName;

    public LoraReferenceParseTests()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "toys"));
        File.WriteAllText(Path.Combine(_folder, "toys", "rabbit.safetensors"), "");
    }

    private string Rabbit => Path.Combine(_folder, "toys", "rabbit.safetensors");

    [Theory]
    [InlineData("rabbit", 1)]
    [InlineData("rabbit:0.5", 0.5)]
    [InlineData("rabbit:-1", -1)]
    [InlineData("rabbit.safetensors:2", 2)]
    public void A_name_is_found_below_the_folder(string text, double multiplier) =>
        Assert.Equal(new LoraReference(Rabbit, multiplier), LoraReference.Parse(text, _folder));

    [Fact]
    public void A_path_is_taken_as_it_is() =>
        Assert.Equal(new LoraReference(Rabbit, 0.25), LoraReference.Parse(Rabbit + ":0.25", "nowhere"));

    [Theory]
    [InlineData("bear", "rabbit")]
    [InlineData("rabbit:much", "much")]
    [InlineData("rabbit:NaN", "NaN")]
    public void What_cannot_be_meant_is_refused(string text, string names) =>
        Assert.Contains(names, Assert.Throws<BadInputException>(() => LoraReference.Parse(text, _folder)).Message,
            StringComparison.Ordinal);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
