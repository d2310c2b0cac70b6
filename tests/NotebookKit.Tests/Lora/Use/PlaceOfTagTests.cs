using NotebookKit.Lora.Use;

namespace NotebookKit.Tests.Lora.Use;

/// <summary>LoRA tags where the web UI does something else with them than somebody may think, and names that are several files'.</summary>
public sealed class PlaceOfTagTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_tag_in_the_negative_prompt_is_words_and_a_name_without_a_file_is_told_there_too()
    {
        File.WriteAllText(_folder["rabbit.safetensors"], "");
        var library = new LoraLibrary(_folder.Root);
        Assert.StartsWith("<lora:rabbit:1> in the negative prompt is read as words",
            Assert.Single(PlaceOfTag.InNegative("blurry <lora:rabbit:1>", library)), StringComparison.Ordinal);
        var sentences = PlaceOfTag.InNegative("<lora:rabit:1>", library).ToList();
        Assert.Equal(2, sentences.Count);
        Assert.Contains("There is no LoRA 'rabit'", sentences[1], StringComparison.Ordinal);
        Assert.Contains("rabbit", sentences[1], StringComparison.Ordinal);
        Assert.Empty(PlaceOfTag.InNegative("blurry, lowres", library));
    }

    [Theory]
    [InlineData("a toy [<lora:x:1>:5]", true)]
    [InlineData("a toy [old:new <lora:x:1>:0.5]", true)]
    [InlineData("a toy [cat|<lora:x:1> dog]", true)]
    [InlineData("a toy <lora:x:1>", false)]
    [InlineData("a [small] toy <lora:x:1> [red]", false)]
    [InlineData("[a:b:3] toy <lora:x:1>", false)]
    [InlineData("[a toy <lora:x:1>]", false)]
    [InlineData("[[a:b:3] toy <lora:x:1>]", false)]
    [InlineData("[(a:1.2) toy <lora:x:1>]", false)]
    [InlineData("[(a:1.2) toy <lora:x:1>|dog]", true)]
    public void A_tag_inside_a_schedule_acts_in_every_step(string prompt, bool told) =>
        Assert.Equal(told, PlaceOfTag.InSchedules(prompt).Any());

    [Fact]
    public void Of_two_files_with_a_name_one_is_used_and_either_is_reached_by_its_folder()
    {
        Directory.CreateDirectory(_folder["a"]);
        Directory.CreateDirectory(_folder["b"]);
        File.WriteAllText(_folder["a", "rabbit.safetensors"], "");
        File.WriteAllText(_folder["b", "rabbit.safetensors"], "");
        File.WriteAllText(_folder["b", "dog.safetensors"], "");
        var library = new LoraLibrary(_folder.Root);
        Assert.Contains("and a/rabbit is used; say which one: a/rabbit, b/rabbit", library.Ambiguity("rabbit"), StringComparison.Ordinal);
        Assert.Equal(_folder["a", "rabbit.safetensors"], library.Find("rabbit"));
        Assert.Equal(_folder["b", "rabbit.safetensors"], library.Find("b/rabbit"));
        Assert.Null(library.Ambiguity("dog"));
        Assert.Null(library.Ambiguity("b/rabbit"));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_checkpoints_state_is_no_LoRA_to_be_called()
    {
        Directory.CreateDirectory(_folder["checkpoints"]);
        File.WriteAllText(_folder["checkpoints/epoch-0001-step-000003.safetensors"], "");
        File.WriteAllText(_folder["checkpoints/epoch-0001-step-000003.state.safetensors"], "");

        Assert.Equal(["epoch-0001-step-000003"], new LoraLibrary(_folder.Root).Names);
    }
}
