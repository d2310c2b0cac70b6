using System.Text.Json;
using NotebookKit.Images;
using NotebookKit.Lora;
using NotebookKit.Pipeline;
using NotebookKit.Tests.Training;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Cli;

/// <summary>The verbs that need a base: merge, extract, xyz, methods, and sampling with words.</summary>
public sealed class LoraToolVerbTests(TinyBase tiny) : IClassFixture<TinyBase>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("merged")]
    [InlineData("merged.safetensors")]
    [InlineData("merged.ckpt")]
    public void A_merged_model_predicts_what_the_adapters_did(string name)
    {
        var lora = Lora();
        var merged = Json("lora", "merge", lora + ":0.5", "--base", tiny.Folder, "--dtype", "fp32", "--out", _folder[name]);
        Assert.InRange(merged.GetProperty("max_difference").GetDouble(), 0, Rounding.Of(Rounding.Network, 1));
        Assert.Equal(name != "merged", File.Exists(_folder[name]));
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        using var sd = StableDiffusion.Load(tiny.Folder);
        var bare = Predict(sd);
        using var network = LoraNetwork.Load(lora, sd, 0.5);
        using var whole = StableDiffusion.Load(_folder[name]);
        Assert.True((Predict(sd) - bare).abs().max().item<float>() > 1e-3);
        Assert.True((Predict(sd) - Predict(whole)).abs().max().item<float>() < Rounding.Of(Rounding.Network, 1));
    }

    [Fact]
    public void What_was_merged_is_extracted_again()
    {
        var lora = Lora();
        Json("lora", "merge", lora, "--base", tiny.Folder, "--dtype", "fp32", "--out", _folder["merged"]);
        var extracted = Json("lora", "extract", "--original", tiny.Folder, "--tuned", _folder["merged"], "--rank", "2", "--dtype", "fp32",
            "--out", _folder["extracted.safetensors"]);
        Assert.InRange(extracted.GetProperty("energy").GetDouble(), 0.9999, 1.0001);
        Assert.InRange(Json("lora", "compare", lora, _folder["extracted.safetensors"]).GetProperty("difference").GetDouble(), 0,
            Rounding.Of(Rounding.Network, 1));
    }

    [Fact]
    public void A_grid_has_a_picture_for_each_multiplier_guidance_and_seed()
    {
        var grid = Json("lora", "xyz", Lora(), "--base", tiny.Folder, "--prompt", "a toy", "--multipliers", "0,1,-0.5", "--cfg", "1,4",
            "--seeds", "3", "--steps", "2", "--out", _folder["grids", "xyz.png"]);
        Assert.Equal((3, 2, 1), (grid.GetProperty("multipliers").GetArrayLength(), grid.GetProperty("cfg").GetArrayLength(),
            grid.GetProperty("seeds").GetArrayLength()));
        var picture = RgbImage.Load(_folder["grids", "xyz.png"]);
        Assert.InRange(picture.Width, 3 * 128, 3 * 160);
        Assert.InRange(picture.Height, 2 * 128, 2 * 180);
    }

    [Fact]
    public void Every_method_is_trained_and_measured_in_one_table()
    {
        var table = Json("lora", "methods", "--base", tiny.Folder, "--instance-dir", tiny.Pictures, "--instance-token", "zwx",
            "--class-token", "toy", "--class-prompt", "a toy", "--drift-prompt", "a thing", "--class-images", "3", "--epochs", "1",
            "--rank", "1", "--lora-rank", "2", "--pictures", "2", "--out", _folder["methods"]);
        var rows = table.GetProperty("methods").EnumerateArray().ToList();
        Assert.Equal(["the base", "textual inversion", "LoRA, rank 2", "LoRA Extended, rank 1", "whole model"],
            rows.Select(row => row.GetProperty("method").GetString()));
        Assert.Equal(16, rows[1].GetProperty("trained").GetInt64());
        Assert.Equal(0, rows[0].GetProperty("drift").GetDouble());
        Assert.All(rows.Skip(1),
            row => Assert.True(row.GetProperty("bytes").GetInt64() > 0 && row.GetProperty("tensor_bytes").GetInt64() > 0
                && row.GetProperty("seconds").GetDouble() > 0));
        Assert.True(rows[2].GetProperty("bytes").GetInt64() < rows[4].GetProperty("bytes").GetInt64());
        Assert.Contains(table.GetProperty("sd15").EnumerateArray(),
            size => size.GetProperty("what").GetString() == "LoRA Extended, rank 32, fp32"
                && size.GetProperty("bytes").GetInt64() is > 122_000_000 and < 123_000_000);
        Assert.True(File.Exists(table.GetProperty("grid").GetString()));
    }

    [Fact]
    public void A_picture_is_drawn_with_a_word_of_the_embeddings_folder()
    {
        Directory.CreateDirectory(_folder["embeddings"]);
        File.Copy(House.Golden("embeddings", "moxin.pt"), _folder["embeddings", "moxin.pt"]);
        string Draw(string prompt, string name, out JsonElement answer)
        {
            answer = Json("sample", "--base", tiny.Folder, "--prompt", prompt, "--steps", "2", "--embeddings-dir", _folder["embeddings"],
                "--out", _folder[name]);
            return Convert.ToHexString(RgbImage.Load(_folder[name]).Pixels);
        }

        var with = Draw("a moxin toy", "with.png", out var named);
        var without = Draw("a moxins toy", "without.png", out var unnamed);
        Assert.Equal("moxin", Assert.Single(named.GetProperty("words").EnumerateArray()).GetString());
        Assert.False(unnamed.TryGetProperty("words", out var none) && none.ValueKind != JsonValueKind.Null);
        Assert.NotEqual(with, without);
    }

    public void Dispose() => _folder.Dispose();

    private string Lora()
    {
        using var scope = NewDisposeScope();
        using var sd = StableDiffusion.Load(tiny.Folder);
        using var network = LoraNetwork.Inject(sd.UNet, sd.TextEncoder, new LoraOptions { Rank = 2, Targets = LoraTargets.Locon });
        using (no_grad())
        {
            using var random = new Generator(4);
            foreach (var (_, layer) in network.Layers)
                layer.Up.copy_(randn(layer.Up.shape, generator: random) * 0.2);
        }

        network.Save(_folder["net.safetensors"], ScalarType.Float32);
        return _folder["net.safetensors"];
    }

    private static Tensor Predict(StableDiffusion sd)
    {
        using var random = new Generator(2);
        return sd.UNet.call(randn([1, 4, 8, 8], generator: random), tensor(new[] { 300f }), sd.EncodePrompts(["a toy"]));
    }

    private static JsonElement Json(params string[] arguments)
    {
        var (code, output, error) = KitCommand.Run([.. arguments, "--json"]);
        Assert.True(code == 0, error);
        return JsonDocument.Parse(output).RootElement;
    }
}
