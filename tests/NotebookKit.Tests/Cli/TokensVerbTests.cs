using System.Text.Json;

namespace NotebookKit.Tests.Cli;

public sealed class TokensVerbTests
{
    [Fact]
    public void Words_come_out_as_a_list_of_objects()
    {
        var (code, text, _) = Run("tokens", "zwx", "Rufus", "--class", "toy", "--json");
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
        var (code, text, _) = Run("tokens", "--prompt", "a photo of sks dog");
        Assert.Equal(0, code);
        Assert.Contains("48136  sks</w>", text);
        Assert.Contains("5 of 75 tokens", text);
    }

    [Fact]
    public void Nothing_to_show_is_bad_input()
    {
        var (code, text, error) = Run("tokens");
        Assert.Equal(2, code);
        Assert.Empty(text);
        Assert.StartsWith("kit: Give at least one word", error);
        Assert.Equal(2, Run("tokens", "zwx", "--prompt", "x").Code);
        Assert.Equal(2, Run("tokens", "two words").Code);
    }

    private static (int Code, string Out, string Error) Run(params string[] args)
    {
        var (output, error) = (Console.Out, Console.Error);
        using StringWriter text = new(), complaint = new();
        try
        {
            Console.SetOut(text);
            Console.SetError(complaint);
            var code = (int)System.Reflection.Assembly.Load("kit-cli").EntryPoint!.Invoke(null, [args])!;
            return (code, text.ToString(), complaint.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }
}
