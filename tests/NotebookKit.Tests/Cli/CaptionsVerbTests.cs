using System.Text.Json;
using NotebookKit.Images;

namespace NotebookKit.Tests.Cli;

public sealed class CaptionsVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void It_prints_a_row_for_each_picture()
    {
        new RgbImage(8, 8).SavePng(_folder["1.png"]);
        File.WriteAllText(_folder["1.txt"], "Close up,bedroom background");
        File.WriteAllBytes(_folder["2 Rufus the cat.jpg"], new RgbImage(8, 8).ToJpeg());
        var (exit, output, error) = KitCommand.Run("captions", _folder.Root, "--instance-prompt", "[filewords]", "--class-prompt",
            "[filewords]", "--instance-token", "Rufus", "--class-token", "cat", "--json");
        Assert.True(exit == 0, error);
        using var json = JsonDocument.Parse(output);
        var rows = json.RootElement.EnumerateArray().ToList();
        Assert.Equal(["1.png", "2 Rufus the cat.jpg"], rows.Select(row => row.GetProperty("file").GetString()));
        Assert.Equal(["Rufus cat, Close up, bedroom background", "Rufus the cat"],
            rows.Select(row => row.GetProperty("instance").GetString()));
        Assert.Equal(["cat, Close up, bedroom background", "the cat"], rows.Select(row => row.GetProperty("class").GetString()));
        Assert.Equal(49406, rows[0].GetProperty("ids")[0].GetInt32());
        Assert.Contains("word that the model knows", rows[0].GetProperty("warnings")[0].GetString(), StringComparison.Ordinal);
        Assert.Equal("Close up,bedroom background", rows[0].GetProperty("caption").GetString());
    }

    [Fact]
    public void Without_a_class_prompt_the_class_is_null_and_an_empty_folder_is_refused()
    {
        Assert.Equal(2, KitCommand.Run("captions", _folder.Root).Code);
        new RgbImage(8, 8).SavePng(_folder["zwx toy.png"]);
        var (exit, output, _) = KitCommand.Run("captions", _folder.Root, "--json");
        using var json = JsonDocument.Parse(output);
        Assert.Equal(0, exit);
        Assert.Equal(JsonValueKind.Null, json.RootElement[0].GetProperty("class").ValueKind);
    }

    public void Dispose() => _folder.Dispose();
}
