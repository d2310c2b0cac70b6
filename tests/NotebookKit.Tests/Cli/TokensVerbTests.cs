using System.Text.Json;
using static NotebookKit.Tests.Cli.KitCommand;

namespace NotebookKit.Tests.Cli;

public sealed class TokensVerbTests
{
    [Fact]
    public void Words_come_out_as_a_list_of_objects()
    {
        var (code, text, _) = RunHere("tokens", "zwx", "Rufus", "--class", "toy", "--json");
        Assert.Equal(0, code);
        var words = JsonDocument.Parse(text).RootElement.EnumerateArray().ToList();
        Assert.Equal(["zwx", "Rufus"], words.Select(word => word.GetProperty("word").GetString()));
        Assert.Equal("[89,3561]", words[0].GetProperty("ids").GetRawText());
        Assert.Equal("""["z","wx</w>"]""", words[0].GetProperty("tokens").GetRawText());
        Assert.Equal("[null,3049]", words[0].GetProperty("ranks").GetRawText());
        Assert.Equal(["good", "poor"], words.Select(word => word.GetProperty("verdict").GetString()));
        Assert.All(words, word => Assert.NotEmpty(word.GetProperty("reasons").EnumerateArray()));
    }

    [Fact]
    public void A_prompt_shows_its_tokens()
    {
        var (code, text, _) = RunHere("tokens", "--prompt", "a photo of sks dog");
        Assert.Equal(0, code);
        Assert.Contains("48136  sks</w>", text);
        Assert.Contains("5 of 75 tokens", text);
    }

    [Fact]
    public void A_prompt_is_taken_apart_into_ids_weights_and_chunks()
    {
        var (code, text, _) = RunHere("tokens", "--prompt", "<lora:moxin:0.5> a (zwx toy:1.3) BREAK [red:blue:5] AND a dog :0.8", "--json");
        Assert.Equal(0, code);
        var prompt = JsonDocument.Parse(text).RootElement;
        Assert.Equal("[49406,320,89,3561,5988,736,49407]", prompt.GetProperty("ids").GetRawText());
        Assert.Equal("[1,1,1.3,1.3,1.3,1,1]", prompt.GetProperty("weights").GetRawText());
        Assert.Equal([4, 1], prompt.GetProperty("chunks").EnumerateArray().Select(chunk => chunk.GetProperty("count").GetInt32()));
        Assert.Equal(77, prompt.GetProperty("chunks")[0].GetProperty("ids").GetArrayLength());
        Assert.Equal(("moxin", 0.5), (prompt.GetProperty("loras")[0].GetProperty("name").GetString(),
            prompt.GetProperty("loras")[0].GetProperty("unet").GetDouble()));
        Assert.Equal([1, 0.8], prompt.GetProperty("parts").EnumerateArray().Select(part => part.GetProperty("weight").GetDouble()));
        Assert.Equal([5, 20], prompt.GetProperty("parts")[0].GetProperty("schedule").EnumerateArray()
            .Select(stretch => stretch.GetProperty("last_step").GetInt32()));

        var plain = RunHere("tokens", "--prompt", "<lora:moxin:0.5> a (zwx toy:1.3) BREAK [red:blue:5] AND a dog :0.8").Output;
        Assert.Contains("× 1.3", plain);
        Assert.Contains("steps 6 to 20 of 20", plain);
        Assert.Contains("sub-prompt of weight 0.8", plain);
        Assert.Equal(2, RunHere("tokens", "--prompt", "<lora:moxin:high>").Code);
    }

    [Fact]
    public void A_search_finds_good_names()
    {
        var (code, text, _) = RunHere("tokens", "--search", "5", "--class", "toy", "--json");
        Assert.Equal(0, code);
        Assert.Equal(Enumerable.Repeat("good", 5),
            JsonDocument.Parse(text).RootElement.EnumerateArray().Select(word => word.GetProperty("verdict").GetString()));
        Assert.Equal([1, 1], JsonDocument.Parse(RunHere("tokens", "--search", "2", "--single",
            "--json").Output).RootElement.EnumerateArray()
            .Select(word => word.GetProperty("ids").GetArrayLength()));
        Assert.Equal(2, RunHere("tokens", "--search", "0").Code);
        Assert.Equal(2, RunHere("tokens", "zwx", "--search", "3").Code);
    }

    [Fact]
    public void A_base_tells_what_is_near_a_word_and_draws_it()
    {
        using var folder = new TemporaryFolder();
        using (var model = Models.TinyModel.Create())
            model.Save(folder["base"], TorchSharp.torch.ScalarType.Float32);
        var (code, text, _) = RunHere("tokens", "zwx", "--class", "toy", "--base", folder["base"], "--draw", folder["grid.png"], "--json");
        Assert.Equal(0, code);
        var embedding = JsonDocument.Parse(text).RootElement[0].GetProperty("embedding");
        Assert.True(embedding.GetProperty("from_average").GetDouble() > 0);
        Assert.Equal(6, embedding.GetProperty("neighbours").GetArrayLength());
        Assert.True(NotebookKit.Images.RgbImage.Load(folder["grid.png"]).Width >= 4 * 128);
        Assert.Equal(2, RunHere("tokens", "zwx", "--draw", folder["grid.png"]).Code);
    }

    [Fact]
    public void Nothing_to_show_is_bad_input()
    {
        var (code, text, error) = RunHere("tokens");
        Assert.Equal(2, code);
        Assert.Empty(text);
        Assert.StartsWith("kit: Give at least one word", error);
        Assert.Equal(2, RunHere("tokens", "zwx", "--prompt", "x").Code);
        Assert.Equal(2, RunHere("tokens", "two words").Code);
    }
}
