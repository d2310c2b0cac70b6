using NotebookKit.Checkpoints;
using NotebookKit.Lora.Files;
using NotebookKit.Lora.Tools;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Lora;

/// <summary>What becomes of bases and words where LoRAs are added up.</summary>
public sealed class LoraCombineTests : LoraFormatCases
{
    [Fact]
    public void Files_for_other_families_are_refused_with_both_named()
    {
        LoraFile For(string name, long context)
        {
            const string layer = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k";
            Safetensors.Save(_folder[name], new Dictionary<string, Tensor>
            {
                [layer + ".lora_down.weight"] = Random(1, context),
                [layer + ".lora_up.weight"] = Random(320, 1),
            });
            return LoraFile.Read(_folder[name]);
        }

        var e = Assert.Throws<BadInputException>(() =>
            LoraCombine.Of([(For("one.safetensors", 768), 1), (For("two.safetensors", 2048), 1)]));
        Assert.Contains("one.safetensors is for Stable Diffusion 1.x", e.Message, StringComparison.Ordinal);
        Assert.Contains("two.safetensors for SDXL", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Different_bases_of_one_family_are_told_and_only_a_shared_one_is_noted()
    {
        const string name = "ss_sd_model_name";
        var apart = LoraCombine.Of([(Of("one", new() { [name] = "chilloutmix.safetensors" }), 1),
            (Of("two", new() { [name] = "anything-v4.ckpt" }), 1)]);
        Assert.Contains("trained on different bases", Assert.Single(apart.Problems).What, StringComparison.Ordinal);
        Assert.DoesNotContain(name, apart.Metadata.Keys);
        var alike = LoraCombine.Of([(Of("one", new() { [name] = "same.ckpt" }), 1), (Of("two", new() { [name] = "same.ckpt" }), 1)]);
        Assert.Empty(alike.Problems);
        Assert.Equal("same.ckpt", alike.Metadata[name]);
    }

    [Fact]
    public void Words_of_all_are_kept_and_two_of_one_name_are_refused()
    {
        var (rabbit, dog) = (Random(1, 16), Random(2, 16));
        var both = LoraCombine.Of([(Of("one", [], ("zwx", rabbit)), 0.5), (Of("two", [], ("vln", dog)), 1)]);
        both.Write(_folder["both.safetensors"], ScalarType.Float32);
        var read = LoraFile.Read(_folder["both.safetensors"]);
        Assert.Equal(["vln", "zwx"], read.Embeddings.Keys.Order());
        Assert.Equal(0, Apart(rabbit, read.Embeddings["zwx"]));
        var e = Assert.Throws<BadInputException>(() =>
            LoraCombine.Of([(Of("one", [], ("zwx", rabbit)), 1), (Of("two", [], ("zwx", Random(1, 16))), 1)]));
        Assert.Contains("brings the word zwx", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PEFTs_bias_is_scaled_as_the_weights_are()
    {
        const string path = "base_model.model.unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
        var (down, up, bias) = (Random(2, 32), Random(32, 2), Random(32));
        Safetensors.Save(_folder["adapter_model.safetensors"], new Dictionary<string, Tensor>
        {
            [path + ".lora_A.weight"] = down,
            [path + ".lora_B.weight"] = up,
            [path + ".lora_B.bias"] = bias,
        });
        File.WriteAllText(_folder["adapter_config.json"], """{"r": 2, "lora_alpha": 6, "lora_bias": true}""");
        var weights = LoraFile.Read(_folder.Root).Modules.Single();
        Assert.Equal(0, Apart(bias * 3, weights.Bias!));
        Assert.Equal(0, Apart(up.mm(down) * 3, weights.Delta(Weight(Linear))), 1e-6);
    }

    private LoraFile Of(string name, Dictionary<string, string> notes, params (string Word, Tensor Vectors)[] words)
    {
        var tensors = new Dictionary<string, Tensor>
        {
            [Linear + ".lora_down.weight"] = Random(2, 32),
            [Linear + ".lora_up.weight"] = Random(32, 2),
        };
        foreach (var (word, vectors) in words)
            tensors[$"bundle_emb.{word}.string_to_param.*"] = vectors;
        Safetensors.Save(_folder[name + ".safetensors"], tensors, notes);
        return LoraFile.Read(_folder[name + ".safetensors"]);
    }
}
