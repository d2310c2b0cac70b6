using NotebookKit.Pipeline;
using NotebookKit.Studio;

namespace NotebookKit.Tests.Studio;

/// <summary>The sample row beside the class is never the subject's own, and is near it.</summary>
public sealed class ClassNeighbourTests : IDisposable
{
    private readonly StableDiffusion _sd = StableDiffusion.Load(Path.Combine(House.Root, "data", "base-mini"));

    public void Dispose() => _sd.Dispose();

    [Theory]
    [InlineData("photo of zwx rabbit toy on the grass", "a photo of a rabbit toy", "a photo of a cat toy")]
    [InlineData("a photo of zwx bear toy", "a photo of a bear toy", "a photo of a cat toy")]
    [InlineData("a photo of zwx dog", "a photo of a dog", "a photo of a cat")]
    [InlineData("a photo of zwx cat", null, "a photo of a dog")]
    public void It_is_the_likest_thing_that_the_prompts_do_not_name(string instance, string? ofClass, string expected) =>
        Assert.Equal(expected, ClassNeighbour.Prompt(_sd, instance, ofClass));

    [Fact]
    public void A_subject_of_a_wider_class_is_not_its_own_neighbour()
    {
        var prompt = ClassNeighbour.Prompt(_sd, "a photo of zwx rabbit toy", "a photo of a toy");
        Assert.EndsWith(" toy", prompt, StringComparison.Ordinal);
        Assert.DoesNotContain("rabbit", prompt, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a photo of a toy", "toy")]
    [InlineData("toy", "toy")]
    [InlineData("oil painting of a rabbit toy", "rabbit toy")]
    public void What_a_prompt_shows_stands_behind_its_last_of(string prompt, string shown) =>
        Assert.Equal(shown, ClassNeighbour.Shown(prompt));
}
