using NotebookKit.Lora;
using NotebookKit.Lora.Files;
using NotebookKit.Lora.Tools;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Lora;

/// <summary>What is said of files that do not work, and what counts of other tools' settings.</summary>
public sealed class LoraCauseTests : LoraFormatCases
{
    private const string Path = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q";

    [Theory]
    [InlineData("nan", "not finite", "lower learning rate")]
    [InlineData("boft", "BOFT", "Use a LoRA")]
    [InlineData("flux", "no Stable Diffusion", "Give a LoRA for Stable Diffusion")]
    [InlineData("shape", "another base", "Use the base it was trained on")]
    public void Each_cause_has_a_sentence_of_its_own(string cause, string what, string advice)
    {
        var broken = Random(2, 32);
        broken[0, 0] = float.NaN;
        var path = Save(cause switch
        {
            "nan" => Pair(Linear, broken, Random(32, 2)),
            "boft" => new() { [Linear + ".oft_blocks"] = Random(2, 4, 8, 8) },
            "flux" => Pair("lora_unet_double_blocks_0_img_attn_qkv", Random(2, 32), Random(32, 2)),
            _ => Pair(Linear, Random(2, 48), Random(32, 2)),
        });
        var e = Assert.Throws<BadInputException>(() => LoraNetwork.Load(path, _unet, null));
        Assert.Contains(what, e.Message, StringComparison.Ordinal);
        Assert.Contains(advice, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_which_nothing_works_cannot_be_resized_or_compared()
    {
        var broken = Random(2, 32);
        broken[0, 0] = float.PositiveInfinity;
        var file = LoraFile.Read(Save(Pair(Linear, broken, Random(32, 2))));
        Assert.Throws<BadInputException>(() => LoraResize.Of(file, new ResizeTarget { Rank = 1 }));
        Assert.Throws<BadInputException>(() => LoraCompare.Of(file, file));
    }

    [Fact]
    public void An_alpha_past_half_precision_is_kept()
    {
        var file = LoraFile.Read(Save(new()
        {
            [Linear + ".lokr_w1"] = Random(4, 2),
            [Linear + ".lokr_w2"] = Random(8, 16),
            [Linear + ".alpha"] = tensor(100000f),
        }));
        file.Write(_folder["written.safetensors"], ScalarType.Float16);
        Assert.Equal(100000, LoraFile.Read(_folder["written.safetensors"]).Modules.Single().StoredAlpha);
    }

    [Fact]
    public void A_whole_delta_can_be_fitted_twice()
    {
        var file = LoraFile.Read(Save(new() { [Linear + ".diff"] = Random(32, 32) }));
        LoraNetwork.Attach(file, _unet, null).Dispose();
        using var again = LoraNetwork.Attach(file, _unet, null);
        Assert.True(file.Modules.Single().IsFinite());
    }

    [Theory]
    [InlineData("""{"lora_alpha": 8, "use_rslora": true}""", 16)]
    [InlineData("""{"lora_alpha": 8, "alpha_pattern": {"to_q": 6}}""", 6)]
    [InlineData("""{"lora_alpha": 8, "alpha_pattern": {"to_k": 6}, "rank_pattern": {"to_q": 4}}""", 8)]
    public void PEFTs_settings_count_and_its_folder_is_read(string settings, double alpha)
    {
        NotebookKit.Checkpoints.Safetensors.Save(_folder["adapter_model.safetensors"], new Dictionary<string, Tensor>
        {
            [$"base_model.model.{Path}.lora_A.weight"] = Random(4, 32),
            [$"base_model.model.{Path}.lora_B.weight"] = Random(32, 4),
        });
        File.WriteAllText(_folder["adapter_config.json"], settings);
        Assert.Equal(alpha, LoraFile.Read(System.IO.Path.GetDirectoryName(_folder["adapter_config.json"])!).Modules.Single().StoredAlpha);
    }

    [Theory]
    [InlineData("oft_unet_mid_block_attentions_0_proj_in.oft_blocks", "lora_unet_mid_block_attentions_0_proj_in")]
    [InlineData("unet.mid_block.attentions.0.proj_in.lora_down.weight", "lora_unet_mid_block_attentions_0_proj_in")]
    [InlineData("lora_unet.mid_block.attentions.0.proj_in.lora_down.weight", "lora_unet_mid_block_attentions_0_proj_in")]
    [InlineData("clip_l.text_model.encoder.layers.0.mlp.fc1.lora_down.weight", "lora_te_text_model_encoder_layers_0_mlp_fc1")]
    [InlineData("te1.text_model.encoder.layers.0.mlp.fc1.alpha", "lora_te_text_model_encoder_layers_0_mlp_fc1")]
    public void Other_tools_prefixes_are_known(string name, string module) => Assert.Equal(module, LoraKey.Parse(name)!.Value.Module);

    [Fact]
    public void LyCORIS_scalar_multiplies_the_change()
    {
        Tensor down = Random(2, 32), up = Random(32, 2);
        AssertDelta(Linear, new() { [".lora_down.weight"] = down, [".lora_up.weight"] = up, [".scalar"] = tensor(0.5f) },
            up.mm(down) * 0.5);
    }

    private static Dictionary<string, Tensor> Pair(string module, Tensor down, Tensor up) =>
        new() { [module + ".lora_down.weight"] = down, [module + ".lora_up.weight"] = up };
}
