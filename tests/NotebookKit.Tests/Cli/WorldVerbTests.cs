using System.Diagnostics;
using System.Text.Json;
using NotebookKit.Images;

namespace NotebookKit.Tests.Cli;

public sealed class WorldVerbTests
{
    [Fact]
    public void A_sheet_is_drawn_and_its_captions_told()
    {
        var path = Path.Combine(Path.GetTempPath(), $"world-{Guid.NewGuid():N}.png");
        try
        {
            var (code, output, _) = Kit("world", "--out", path, "--count", "5", "--size", "64", "--json");
            Assert.Equal(0, code);
            Assert.Equal(5, JsonDocument.Parse(output).RootElement.GetProperty("captions").GetArrayLength());
            Assert.True(RgbImage.Load(path).Width >= 5 * 64);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("--count 0 --out x.png", "--count")]
    [InlineData("--size 16 --out x.png", "--size")]
    [InlineData("", "--out")]
    public void Bad_input_is_one_sentence_and_exit_code_2(string arguments, string names)
    {
        var (code, _, error) = Kit(["world", .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Equal(2, code);
        Assert.Contains(names, error);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    private static (int Code, string Output, string Error) Kit(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "kit-cli.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return (process.ExitCode, output.Result, error.Result);
    }
}
