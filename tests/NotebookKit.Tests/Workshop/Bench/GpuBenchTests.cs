using System.Text.Json;
using NotebookKit.Tests.Cli;

namespace NotebookKit.Tests.Workshop.Bench;

/// <summary>The table for a GPU, made on this machine's processor with the miniature.</summary>
public sealed class GpuBenchTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Has_a_row_for_each_method_and_batch_and_is_written_twice()
    {
        var (code, output, error) = KitCommand.Run(
            "bench", "gpu", "--device", "cpu", "--base", Path.Combine(House.Root, "data", "base-mini"), "--batches", "1", "2", "--seconds",
            "0.2", "--out", _folder["results"], "--json");
        Assert.True(code == 0, error);
        using var told = JsonDocument.Parse(output);
        var rows = told.RootElement.GetProperty("training").EnumerateArray().ToList();
        Assert.Equal(
            ["lora 1 True", "lora 1 False", "lora 2 False", "lora_extended 1 True", "lora_extended 1 False", "lora_extended 2 False",
                "dreambooth 1 True", "dreambooth 1 False", "dreambooth 2 False"],
            rows.Select(row => $"{row.GetProperty("method")} {row.GetProperty("batch")} {row.GetProperty("checkpointing").GetBoolean()}"));
        Assert.All(rows, row =>
        {
            Assert.True(row.GetProperty("pictures_per_second").GetDouble() > 0);
            Assert.True(row.GetProperty("arithmetic_share").GetDouble() > 0);
            Assert.InRange(row.GetProperty("host_share").GetDouble(), double.Epsilon, 1);
        });
        // Keeping only the blocks' inputs, and averages in 8 bits, holds less; where every weight learns it shows beyond the process's own
        // ups and downs.
        Assert.True(rows[6].GetProperty("peak_bytes").GetInt64() < rows[7].GetProperty("peak_bytes").GetInt64());
        Assert.Equal(2, told.RootElement.GetProperty("sampling").GetArrayLength());

        var files = Directory.GetFiles(_folder["results"]);
        Assert.Equal([".json", ".md"], files.Select(Path.GetExtension).Order());
        var page = File.ReadAllText(files.Single(file => file.EndsWith(".md", StringComparison.Ordinal)));
        Assert.Contains("| lora_extended | 2 | no | ", page, StringComparison.Ordinal);
        Assert.Contains("| 4 | ", page[page.IndexOf("sampling:", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--batches 0", "--batches must be from 1")]
    [InlineData("--size 500", "--size 500")]
    [InlineData("--seconds 0", "--seconds must be above 0")]
    public void Settings_that_cannot_be_measured_are_refused(string setting, string sentence)
    {
        var (code, _, error) = KitCommand.Run(["bench", "gpu", "--device", "cpu", "--base", Path.Combine(House.Root, "data", "base-mini"),
            "--out", _folder["none"], .. setting.Split(' ')]);
        Assert.Equal(2, code);
        Assert.StartsWith($"kit: {sentence}", error.Trim(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["none"]));
    }
}
