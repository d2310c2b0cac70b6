using System.Text.Json;
using NotebookKit.Checkpoints;
using NotebookKit.Workshop.Parity;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Cli;

public sealed class ParityTests
{
    [Theory]
    [InlineData("clip", 16)]
    [InlineData("unet", 14)]
    [InlineData("vae", 4)]
    [InlineData("schedulers", 177)]
    [InlineData("safetensors", 108)]
    [InlineData("convert", 8)]
    [InlineData("tokenizer", 3)]
    [InlineData("lora", 20)]
    [InlineData("training", 39)]
    public void Every_reference_of_other_tools_is_met(string area, int atLeast)
    {
        var report = Run(House.Golden(area));
        Assert.Empty(report.Cases.Where(c => c.Status == "failed").Select(c => c.ToString()));
        Assert.InRange(report.Passed, atLeast, int.MaxValue);
        if (area is "clip" or "unet" or "vae" or "schedulers")
            Assert.Equal(0, report.Skipped);
    }

    [Fact]
    public void A_reference_that_is_not_met_fails_alone()
    {
        using var folder = new TemporaryFolder();
        foreach (var file in Directory.GetFiles(House.Golden("vae")))
            File.Copy(file, folder[Path.GetFileName(file)]);
        var outputs = Safetensors.Load(folder["vae_tiny.outputs.safetensors"]);
        outputs["c1.decoded"] = outputs["c1.decoded"] + 1e-3;
        Safetensors.Save(folder["vae_tiny.outputs.safetensors"], outputs);
        var failed = Assert.Single(Run(folder.Root).Cases, c => c.Status == "failed");
        Assert.Equal(("vae_tiny.c1", "decoded"), (failed.Name, failed.Note));
        Assert.InRange(failed.MaxError!.Value, 0.9e-3, 1.1e-3);
    }

    [Fact]
    public void A_case_that_cannot_be_run_fails_and_the_others_still_run()
    {
        using var folder = new TemporaryFolder();
        foreach (var file in Directory.GetFiles(House.Golden("vae")))
            File.Copy(file, folder[Path.GetFileName(file)]);
        File.WriteAllText(folder["vae_tiny.weights_oldnames.safetensors"], "broken");
        var report = Run(folder.Root);
        Assert.Equal("vae_tiny.oldnames", Assert.Single(report.Cases, c => c.Status == "failed").Name);
        Assert.Equal(3, report.Passed);
    }

    [Fact]
    public void A_broken_file_fails_its_area_and_the_next_one_still_runs()
    {
        using var folder = new TemporaryFolder();
        foreach (var area in (string[])["tokenizer", "vae"])
        {
            Directory.CreateDirectory(folder[area]);
            foreach (var file in Directory.GetFiles(House.Golden(area)))
                File.Copy(file, folder[area, Path.GetFileName(file)]);
        }

        File.WriteAllText(folder["tokenizer", "prompt_weights.json"],
            """[{"prompt": "a (b:1.5)", "parsed": [["a ", 1.0], ["b", 1.4]], "more": 1}]""");
        File.WriteAllText(folder["vae", "vae_tiny.outputs.safetensors"], "broken");
        var (code, output, _) = KitCommand.Run("parity", folder.Root);
        Assert.Equal(1, code);
        Assert.Contains("failed  vae * ", output, StringComparison.Ordinal);
        Assert.Contains("(the weight of 'b' in 'a (b:1.5)')", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_areas_are_skipped_and_named()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["music"]);
        File.WriteAllText(folder["music", "manifest.json"], """{"area": "music", "cases": [{"name": "x"}], "limit": -Infinity}""");
        var (code, output, _) = KitCommand.Run("parity", folder.Root, "--json");
        Assert.Equal(0, code);
        var json = JsonDocument.Parse(output).RootElement;
        Assert.Equal((0, 0, 1),
            (json.GetProperty("passed").GetInt32(), json.GetProperty("failed").GetInt32(), json.GetProperty("skipped").GetInt32()));
        Assert.Equal("music", json.GetProperty("cases")[0].GetProperty("area").GetString());
    }

    [Fact]
    public void A_folder_without_references_is_bad_input()
    {
        using var folder = new TemporaryFolder();
        Assert.Throws<BadInputException>(() => ReferenceFolder.Find(folder.Root));
        Assert.Throws<BadInputException>(() => ReferenceFolder.Find(folder["none"]));
        Assert.Equal(2, KitCommand.Run("parity", folder["none"]).Code);
    }

    [Theory]
    [InlineData("max abs diff <= 1e-5 * max|ref| + 1e-5", 2, 3e-5)]
    [InlineData("2e-5*max|ref|+1e-5", 1, 3e-5)]
    [InlineData("1e-5 of max|ref| (abs 1e-5 for values near 1)", 0.1, 1e-5)]
    [InlineData("1e-5 of max|ref| (abs 1e-5 for values near 1)", 10, 1e-4)]
    public void Tolerances_are_read_from_the_manifests_sentences(string sentence, double largest, double expected) =>
        Assert.Equal(expected, Tolerance.ForOutput(sentence)(largest), 1e-9);

    private static ParityReport Run(string path)
    {
        using var scope = NewDisposeScope();
        var report = new ParityReport(_ => { });
        foreach (var folder in ReferenceFolder.Find(path))
            ParityArea.All.Single(area => area.Name == folder.Area).Run(folder, report);
        return report;
    }
}
