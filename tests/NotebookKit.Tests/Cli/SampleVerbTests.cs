using System.Text.Json;
using NotebookKit.Images;
using NotebookKit.Tests.Models;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Cli;

public sealed class SampleVerbTests
{
    [Fact]
    public void Pictures_and_their_grid_are_written_and_named()
    {
        using var folder = new TemporaryFolder();
        using (var model = TinyModel.Create())
            model.Save(folder["base"], ScalarType.Float16);
        var (code, output, error) = KitCommand.Run(
            "sample", "--base", folder["base"], "--prompt", "a rabbit toy", "--steps", "2", "--count", "3", "--seed", "7", "--out",
            folder["out"], "--json");
        Assert.True(code == 0, error);
        var json = JsonDocument.Parse(output).RootElement;
        Assert.Equal([folder["out", "7.png"], folder["out", "8.png"], folder["out", "9.png"]],
            json.GetProperty("files").EnumerateArray().Select(file => file.GetString()!));
        Assert.Equal(16, RgbImage.Load(folder["out", "8.png"]).Width);
        Assert.Equal("8", GenerationParameters.Read(folder["out", "8.png"])!["Seed"]);
        Assert.True(RgbImage.Load(json.GetProperty("grid").GetString()!).Width >= 32);
    }

    [Fact]
    public void A_picture_is_drawn_from_a_picture_with_previews()
    {
        using var folder = new TemporaryFolder();
        using (var model = TinyModel.Create())
            model.Save(folder["base"], ScalarType.Float16);
        new RgbImage(30, 20).SavePng(folder["init.png"]);
        var (code, output, error) = KitCommand.Run(
            "sample", "--base", folder["base"], "--prompt", "a rabbit toy", "--init-image", folder["init.png"], "--strength", "0.5",
            "--size", "24x16",
            "--steps", "4", "--preview-every", "2", "--sampler", "Euler a", "--out", folder["out.png"], "--json");
        Assert.True(code == 0, error);
        var json = JsonDocument.Parse(output).RootElement;
        Assert.Equal(24, RgbImage.Load(folder["out.png"]).Width);
        Assert.Equal("0.5", GenerationParameters.Read(folder["out.png"])!["Denoising strength"]);
        Assert.Equal([folder["out-0-step-0002.png"]], json.GetProperty("previews").EnumerateArray().Select(file => file.GetString()!));
    }

    [Theory]
    [InlineData("--prompt|x|--size|60", "56 or 64")]
    [InlineData("--prompt|x|--size|64x", "--size")]
    [InlineData("--prompt|x|--sampler|dpmp_2m", "dpmpp_2m")]
    [InlineData("--prompt|x|--init-image|no.png", "no.png")]
    [InlineData("--prompt|", "--prompt")]
    [InlineData("--prompt|x|--base|no/such/model", "no/such/model")]
    public void Bad_input_is_one_sentence_and_exit_code_2(string arguments, string names)
    {
        var (code, _, error) = KitCommand.Run(["sample", .. arguments.Split('|')]);
        Assert.Equal(2, code);
        Assert.Contains(names, error);
        Assert.Single(error.TrimEnd().Split('\n'));
    }
}
