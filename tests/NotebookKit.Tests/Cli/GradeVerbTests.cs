using System.Text.Json;
using NotebookKit.Images;

namespace NotebookKit.Tests.Cli;

public sealed class GradeVerbTests
{
    [Fact]
    public void A_grade_is_one_object_with_shares_and_the_probes_own_beside_them()
    {
        var (code, output, _) = KitCommand.Run("grade", "--count", "4", "--steps", "2", "--json");
        Assert.Equal(0, code);
        var grade = JsonDocument.Parse(output).RootElement;
        Assert.Equal(4, grade.GetProperty("n").GetInt32());
        foreach (var name in new[] { "class", "colour", "background", "style", "all" })
        {
            Assert.InRange(grade.GetProperty(name).GetDouble(), 0, 1);
            Assert.InRange(grade.GetProperty("probe").GetProperty(name).GetDouble(), 0, 1);
        }
    }

    [Fact]
    public void The_vae_keeps_faces_and_shows_twelve_of_them()
    {
        using var folder = new TemporaryFolder();
        var (code, output, _) = KitCommand.Run("grade", "--count", "1", "--steps", "1", "--strip", folder["strip.png"], "--json");
        Assert.Equal(0, code);
        Assert.InRange(JsonDocument.Parse(output).RootElement.GetProperty("vae_psnr").GetDouble(), 27.9, 40);
        var strip = RgbImage.Load(folder["strip.png"]);
        Assert.True(strip.Width > 5 * strip.Height, $"{strip.Width}×{strip.Height}");
    }

    [Theory]
    [InlineData("grade --count 0", "--count")]
    [InlineData("grade --probe nowhere", "config.json")]
    [InlineData("probe --out x --steps 0", "--steps")]
    [InlineData("probe --out x --from data/probe --steps 10", "--steps has no effect with --from")]
    [InlineData("probe --out x --from nowhere", "config.json")]
    [InlineData("dreambooth-study --pictures 1", "--pictures")]
    [InlineData("dreambooth-study --instance-dir nowhere", "nowhere")]
    [InlineData("dreambooth-study --lora-targets ( --instance-dir nowhere", "regular expression")]
    [InlineData("dreambooth-study --lora-targets attention --instance-dir nowhere", "nowhere")]
    public void Bad_input_is_one_sentence_and_exit_code_2(string arguments, string names)
    {
        var (code, _, error) = KitCommand.Run(arguments.Split(' '));
        Assert.Equal(2, code);
        Assert.Contains(names, error);
        Assert.Single(error.TrimEnd().Split('\n'));
    }
}
