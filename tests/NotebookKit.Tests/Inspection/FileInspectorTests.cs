using System.Text.Json;
using NotebookKit.Checkpoints;
using NotebookKit.Images;
using NotebookKit.Inspection;
using NotebookKit.Lora.Files;
using NotebookKit.Pipeline;
using NotebookKit.Pipeline.Ldm;
using NotebookKit.Tests.Cli;
using NotebookKit.Tests.Models;
using NotebookKit.Training.Runs;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Inspection;

public sealed class FileInspectorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly IDisposable _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_checkpoint_is_told_with_its_faults_and_their_remedies()
    {
        using var model = TinyModel.Create();
        var tensors = LdmWriter.Tensors(model, ScalarType.Float16).Select(item => item.Name switch
        {
            var name when name.EndsWith("position_ids") => new TensorToSave(name, ones(1, 77) * 3.5f, ScalarType.Float16),
            "model.diffusion_model.out.2.bias" => item with { Value = tensor(new[] { float.NaN, float.PositiveInfinity, 1f, 1f }) },
            _ => item,
        }).Append(new TensorToSave("model_ema.diffusion_modelout2bias", zeros(4), ScalarType.Float16))
            .Append(new TensorToSave("what.is.this", zeros(4), ScalarType.Float16));
        Safetensors.Save(_folder["merge.safetensors"], tensors, LdmConfigs.ToMetadata(model));

        var report = FileInspector.Inspect(_folder["merge.safetensors"]);
        Assert.Equal(("a Stable Diffusion 1.x checkpoint", "a model of its own, text states 16 wide", 1L, 1L),
            (report.Kind, report.Base, report.NaN, report.Infinite));
        Assert.Equal(["what.is.this"], report.KeysUnmatched);
        Assert.Empty(report.KeysMissing);
        Assert.Equal(report.Tensors - 1, report.KeysMatched);
        Assert.True(report.DTypes["F16"] > 0);
        foreach (var named in new[] { "not a number", "position_ids", "(EMA)", "what.is.this" })
            Assert.Contains(report.Findings, finding => finding.What.Contains(named) && finding.Remedy.Length > 0);
    }

    [Fact]
    public void The_state_of_a_training_is_no_LoRA_though_one_is_in_it()
    {
        RunStates.Write(_folder["a.safetensors"], new RunPosition { Step = 2 }, new Dictionary<string, Tensor>
        {
            ["weights.lora_unet_a.0"] = zeros(2, 4),
            ["optimizer.0.exp_avg"] = zeros(2, 4),
        });
        var report = FileInspector.Inspect(_folder["a.safetensors"]);
        Assert.Equal("the state of a training", report.Kind);
        Assert.Contains(report.Findings, finding => finding.Remedy.Contains("--resume", StringComparison.Ordinal));
        Assert.Contains("is no LoRA but the state of a training, for kit train --resume",
            Assert.Throws<BadInputException>(() => LoraReader.Read(_folder["a.safetensors"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_LoRA_is_told_with_its_ranks_and_its_base()
    {
        var report = FileInspector.Inspect(House.Golden("lora", "lin_r4.safetensors"));
        Assert.Equal("a LoRA", report.Kind);
        Assert.StartsWith("4 (", report.Facts["rank"]);
        Assert.Equal((0, "kohya"), (report.KeysUnmatched.Count, report.Facts["format"]));
        Assert.Equal(12, report.Hashes!.AutoV3!.Length);
        Safetensors.Save(_folder["xl.safetensors"], new Dictionary<string, Tensor>
        {
            ["lora_te2_a.lora_up.weight"] = zeros(4, 2),
            ["lora_te2_a.lora_down.weight"] = zeros(2, 4),
            ["lora_te2_b.lora_down.weight"] = zeros(2, 4)
        });
        var other = FileInspector.Inspect(_folder["xl.safetensors"]);
        Assert.Equal("SDXL", other.Base);
        Assert.Single(other.KeysMissing);
    }

    [Theory]
    [InlineData("(IA)³", "weight", "on_input")]
    [InlineData("GLoRA", "a1.weight", "a2.weight", "b1.weight", "b2.weight")]
    [InlineData("norms", "w_norm", "b_norm")]
    [InlineData("VeRA", "vera_lambda_b", "vera_lambda_d")]
    public void A_relative_of_LoRA_is_called_by_its_name(string method, params string[] parts)
    {
        Safetensors.Save(_folder["relative.safetensors"], parts.ToDictionary(part => $"lora_unet_conv_in.{part}", part => zeros(4, 4)));
        var report = FileInspector.Inspect(_folder["relative.safetensors"]);
        Assert.Contains(method, report.Kind);
        Assert.Empty(report.KeysUnmatched);
    }

    [Fact]
    public void An_embedding_a_picture_and_a_folder_are_told()
    {
        Safetensors.Save(_folder["word.safetensors"], new Dictionary<string, Tensor> { ["emb_params"] = zeros(3, 768) });
        var embedding = FileInspector.Inspect(_folder["word.safetensors"]);
        Assert.Equal(("a textual inversion embedding", "SD 1.x", "emb_params: 3 of 768"),
            (embedding.Kind, embedding.Base, embedding.Facts["vectors"]));

        new RgbImage(8, 8).SavePng(_folder["plain.png"]);
        Assert.Contains("does not say", FileInspector.Inspect(_folder["plain.png"]).Findings.Single().What);

        using var model = TinyModel.Create();
        model.Save(_folder["base"], ScalarType.Float16);
        var report = FileInspector.Inspect(_folder["base"]);
        Assert.Equal((0, 0), (report.KeysMissing.Count, report.KeysUnmatched.Count));
        Assert.Equal(report.Tensors, report.KeysMatched);
        Assert.Empty(report.Findings);
    }

    [Fact]
    public void A_single_file_without_its_notes_is_told_by_what_its_tensors_show()
    {
        using var model = TinyModel.Create();
        Safetensors.Save(_folder["bare.safetensors"], LdmWriter.Tensors(model, ScalarType.Float16), new Dictionary<string, string>());
        var report = FileInspector.Inspect(_folder["bare.safetensors"]);
        Assert.Equal("a Stable Diffusion 1.x checkpoint", report.Kind);
        Assert.True(report.Tensors > 100);
        Assert.Equal("a model with text states 16 wide", report.Base);
        Assert.Contains("without the notes kit.unet", Assert.Single(report.Findings).Remedy);
        Assert.Contains("kit convert FOLDER FILE",
            Assert.Throws<BadInputException>(() => StableDiffusion.Load(_folder["bare.safetensors"])).Message);
        Assert.Equal((0L, 0L), (report.NaN, report.Infinite));
    }

    [Fact]
    public void The_hashes_are_those_of_the_web_UI()
    {
        var bytes = new byte[0x120000];
        new Random(1).NextBytes(bytes);
        File.WriteAllBytes(_folder["x"], bytes);
        var hashes = FileHashes.Of(_folder["x"], 1000);
        Assert.Equal(Hash(bytes), hashes.Sha256);
        Assert.Equal(Hash(bytes)[..10], hashes.AutoV2);
        Assert.Equal(Hash(bytes[0x100000..0x110000])[..8], hashes.AutoV1);
        Assert.Equal(Hash(bytes[1000..])[..12], hashes.AutoV3);

        static string Hash(byte[] part) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(part));
    }

    [Fact]
    public void The_verb_prints_one_object_and_refuses_in_one_sentence()
    {
        var (code, output, error) = KitCommand.Run("inspect", House.Golden("convert", "te_legacy.ckpt"), "--json");
        Assert.True(code == 0, error);
        Assert.Equal("a text encoder alone", JsonDocument.Parse(output).RootElement.GetProperty("kind").GetString());
        var (refused, _, sentence) = KitCommand.Run("inspect", House.Golden("safetensors", "pk_os_system.ckpt"));
        Assert.Equal((2, 1), (refused, sentence.TrimEnd().Split('\n').Length));
    }
}
