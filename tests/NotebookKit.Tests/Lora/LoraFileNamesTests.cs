using NotebookKit.Checkpoints;
using NotebookKit.Lora;
using NotebookKit.Lora.Files;
using NotebookKit.Lora.Tools;
using NotebookKit.Lora.Use;
using NotebookKit.Tests.Models;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Lora;

/// <summary>Whose names a file's tensors have, what its notes add, and what is said of what does not fit.</summary>
public sealed class LoraFileNamesTests : LoraFormatCases
{
    [Theory]
    [InlineData("lora_unet_middle_block_1_transformer_blocks_0_attn1_to_q", Linear)]
    [InlineData("lora_unet_middle_block_0_in_layers_2", Convolution)]
    [InlineData("lora_unet_input_blocks_1_0_emb_layers_1", "lora_unet_down_blocks_0_resnets_0_time_emb_proj")]
    [InlineData("lora_unet_input_blocks_3_0_op", "lora_unet_down_blocks_0_downsamplers_0_conv")]
    [InlineData("lora_unet_output_blocks_2_1_conv", "lora_unet_up_blocks_0_upsamplers_0_conv")]
    [InlineData("lora_unet_output_blocks_5_2_conv", "lora_unet_up_blocks_1_upsamplers_0_conv")]
    [InlineData("lora_unet_output_blocks_11_1_proj_out", "lora_unet_up_blocks_3_attentions_2_proj_out")]
    [InlineData("lora_unet_time_embed_2", "lora_unet_time_embedding_linear_2")]
    public void Names_after_CompVis_mean_the_same_layers(string name, string expected)
    {
        var size = LoraModulesOf(expected);
        var path = Save(new() { [name + ".lora_down.weight"] = zeros([1, .. size[1..]]), [name + ".lora_up.weight"] = zeros(size[0], 1) });
        using var network = LoraNetwork.Load(path, _unet, null, strict: true);
        Assert.Equal(expected, network.Adapters.Single().Name);
    }

    [Fact]
    public void SDXLs_prefix_of_the_text_encoder_is_understood()
    {
        var text = GoldenBase.TextEncoder();
        var width = text.Config.HiddenSize;
        var path = Save(new()
        {
            ["lora_te1_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight"] = zeros(1, width),
            ["lora_te1_text_model_encoder_layers_0_self_attn_q_proj.lora_up.weight"] = zeros(width, 1)
        });
        using var network = LoraNetwork.Load(path, _unet, text, strict: true);
        Assert.Equal("lora_te_text_model_encoder_layers_0_self_attn_q_proj", network.Adapters.Single().Name);
    }

    [Theory]
    [InlineData(LoraFormat.Peft)]
    [InlineData(LoraFormat.Diffusers)]
    public void Other_formats_give_back_what_a_kohya_file_does(LoraFormat format)
    {
        var text = GoldenBase.TextEncoder();
        var kohya = LoraFile.Read(House.Golden("lora", "locon_r4.safetensors"));
        kohya.Write(_folder["other.safetensors"], ScalarType.Float32, format);
        Assert.DoesNotContain(Safetensors.Load(_folder["other.safetensors"]).Keys,
            name => name.Contains("lora_unet", StringComparison.Ordinal) || name.Contains("alpha", StringComparison.Ordinal));
        var compare = LoraCompare.Of(kohya, LoraFile.Read(_folder["other.safetensors"], strict: true));
        Assert.InRange(compare.Difference, 0, 1e-6);
        using var network = LoraNetwork.Load(_folder["other.safetensors"], _unet, text, strict: true);
        Assert.Equal(301, network.Adapters.Count());
    }

    [Fact]
    public void Alphas_that_PEFT_keeps_in_its_notes_count()
    {
        const string path = "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
        Tensor down = Random(2, 32), up = Random(32, 2);
        Safetensors.Save(_folder["peft.safetensors"],
            new Dictionary<string, Tensor> { [path + ".lora_A.weight"] = down, [path + ".lora_B.weight"] = up },
            new Dictionary<string, string> { ["lora_adapter_metadata"] = """{"unet.r": 2, "unet.lora_alpha": 8}""" });
        using var network = LoraNetwork.Load(_folder["peft.safetensors"], _unet, null);
        Rounding.Same(up.mm(down) * 4, network.Adapters.Single().Adapter.Delta(), 2 * 2);
    }

    [Fact]
    public void Cloneofsimos_pairs_without_names_find_their_layers()
    {
        // attn1, ff, attn2 in each block, the mid block last: the order in which diffusers 0.11 registered them.
        using var source = LoraNetwork.Inject(_unet, null, new LoraOptions { Rank = 2, Targets = LoraTargets.Extension });
        string Order(string name) => (name.Contains("mid_block", StringComparison.Ordinal) ? "2"
            : name.Contains("up_blocks", StringComparison.Ordinal) ? "1" : "0") + name
            .Replace("attn1", "A").Replace("ff_net", "B").Replace("attn2", "C").Replace("to_q", "1").Replace("to_k", "2")
            .Replace("to_v", "3").Replace("to_out", "4");
        var layers = source.Layers.OrderBy(layer => Order(layer.Name), StringComparer.Ordinal).ToList();
        var tensors = new Dictionary<string, Tensor>();
        foreach (var (layer, i) in layers.Select((layer, i) => (layer.Layer, i)))
            (tensors[$"unet:{i}:up"], tensors[$"unet:{i}:down"]) = (layer.Up + i, layer.Down + 0);
        source.Remove();
        Safetensors.Save(_folder["simo.safetensors"], tensors,
            new Dictionary<string, string> { ["unet"] = """["CrossAttention", "Attention", "GEGLU"]""" });
        using var network = LoraNetwork.Load(_folder["simo.safetensors"], _unet, null, strict: true);
        foreach (var (name, layer) in network.Layers)
            Assert.Equal(layers.FindIndex(other => other.Name == name), layer.Up[0, 0].item<float>());
    }

    [Theory]
    [InlineData("text_list.pt")]
    [InlineData("text_list_legacy.pt")]
    public void Cloneofsimos_pickled_list_finds_its_layers_and_runs_nothing(string name)
    {
        using var sd = TinyModel.Create();
        using var network = LoraNetwork.Load(House.Golden("embeddings", name), sd, strict: true);
        var numbers = network.Layers.ToDictionary(layer => layer.Name, layer => layer.Layer.Up[0, 0].item<float>());
        string[] order = ["k_proj", "v_proj", "q_proj", "out_proj"];
        Assert.Equal(8, numbers.Count);
        for (var i = 0; i < 8; i++)
            Assert.Equal(i + 1, numbers[$"lora_te_text_model_encoder_layers_{i / 4}_self_attn_{order[i % 4]}"]);
    }

    [Fact]
    public void Embeddings_that_came_along_are_attached_and_taken_off_with_the_network()
    {
        using var sd = TinyModel.Create();
        var bare = sd.EncodePrompts(["a moxin toy"]);
        var path = Save(new()
        {
            ["lora_unet_mid_block_attentions_0_proj_in.lora_down.weight"] = Random(1, 16),
            ["lora_unet_mid_block_attentions_0_proj_in.lora_up.weight"] = Random(16, 1),
            ["bundle_emb.moxin.string_to_param.*"] = Random(2, 16),
            ["bundle_emb.wide.string_to_param.*"] = Random(2, 768),
        });
        using (var network = LoraNetwork.Load(path, sd))
        {
            Assert.Equal("moxin", Assert.Single(network.Words).Token);
            Assert.Contains("another width: wide", string.Join('\n', network.Problems), StringComparison.Ordinal);
            Assert.False(sd.EncodePrompts(["a moxin toy"]).Equals(bare));
        }

        Assert.True(sd.EncodePrompts(["a moxin toy"]).Equals(bare));
        Assert.Contains("wide", Assert.Throws<BadInputException>(() => LoraNetwork.Load(path, sd, strict: true)).Message,
            StringComparison.Ordinal);
        var (prompt, stack) = LoraStack.Load(sd, $"a moxin toy <lora:{path}:0.5>", new LoraLibrary(_folder.Root));
        using (stack)
            Assert.False(sd.EncodePrompts([prompt]).Equals(bare));
    }

    [Fact]
    public void Embeddings_that_came_along_are_kept()
    {
        var vectors = Random(2, 16);
        var path = Save(new()
        {
            [Linear + ".lora_down.weight"] = Random(1, 32),
            [Linear + ".lora_up.weight"] = Random(32, 1),
            ["bundle_emb.moxin.string_to_param.*"] = vectors
        });
        var file = LoraFile.Read(path, strict: true);
        Assert.True(file.Embeddings["moxin"].Equals(vectors));
        file.Write(_folder["again.safetensors"], ScalarType.Float32);
        Assert.True(LoraFile.Read(_folder["again.safetensors"], strict: true).Embeddings["moxin"].Equals(vectors));
    }

    [Fact]
    public void Everything_wrong_with_a_file_is_said_and_the_rest_applies()
    {
        var path = Save(new()
        {
            [Linear + ".lora_down.weight"] = Random(2, 32),
            [Linear + ".lora_up.weight"] = Random(32, 2),
            ["lora_unet_mid_block_attentions_0_proj_in.lora_down.weight"] = Random(2, 32),
            ["lora_unet_mid_block_attentions_0_proj_out.lora_down.weight"] = Random(2, 32),
            ["lora_unet_mid_block_attentions_0_proj_out.lora_up.weight"] = Random(32, 3),
            ["lora_unet_conv_in.lora_down.weight"] = Random(2, 4, 3, 3),
            ["lora_unet_conv_in.lora_up.weight"] = Random(7, 2, 1, 1),
            ["lora_unet_conv_out.lora_down.weight"] = Random(2, 16, 3, 3) * float.NaN,
            ["lora_unet_conv_out.lora_up.weight"] = Random(4, 2, 1, 1),
            ["lora_unet_nowhere.lora_down.weight"] = Random(2, 4),
            ["lora_unet_nowhere.lora_up.weight"] = Random(4, 2),
            ["something.else"] = Random(1),
        });
        using var network = LoraNetwork.Load(path, _unet, null);
        Assert.Equal(Linear, network.Adapters.Single().Name);
        var said = string.Join("\n", network.Problems);
        foreach (var part in new[] { "lack their up weights: lora_unet_mid_block_attentions_0_proj_in",
            "do not fit each other: lora_unet_mid_block_attentions_0_proj_out", "another shape here: lora_unet_conv_in",
            "not finite (NaN or infinite), which are left out: lora_unet_conv_out", "Stable Diffusion has not: lora_unet_nowhere",
            "no part of a LoRA: something.else" })
            Assert.Contains(part, said, StringComparison.Ordinal);
        Assert.Contains("--strict", Assert.Throws<BadInputException>(() => LoraNetwork.Load(path, _unet, null, strict: true)).Message,
            StringComparison.Ordinal);
        Assert.Contains("--strict", Assert.Throws<BadInputException>(() => LoraFile.Read(path, strict: true)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_for_SDXL_is_called_so()
    {
        var path = Save(new()
        {
            ["lora_te2_text_model_encoder_layers_31_mlp_fc1.lora_down.weight"] = Random(2, 1280),
            ["lora_te2_text_model_encoder_layers_31_mlp_fc1.lora_up.weight"] = Random(5120, 2)
        });
        Assert.Equal(LoraFamily.Sdxl, LoraFile.Read(path).Family);
        Assert.Contains("SDXL", Assert.Throws<BadInputException>(() => LoraNetwork.Load(path, _unet, GoldenBase.TextEncoder())).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.diffusion_model.input_blocks.0.0.weight", "whole model")]
    [InlineData("emb_params", "textual inversion")]
    public void What_is_no_LoRA_is_called_what_it_is(string name, string expected) =>
        Assert.Contains(expected, Assert.Throws<BadInputException>(() => LoraFile.Read(Save(new() { [name] = zeros(2, 4) }))).Message,
            StringComparison.Ordinal);
}
