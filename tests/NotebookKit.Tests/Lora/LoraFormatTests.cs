using NotebookKit.Checkpoints;
using NotebookKit.Lora;
using NotebookKit.Lora.Adapters;
using NotebookKit.Lora.Files;
using NotebookKit.Lora.Tools;
using NotebookKit.Lora.Use;
using NotebookKit.Models;
using NotebookKit.Tests.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Lora;

/// <summary>Files of other tools, and files with something wrong.</summary>
public sealed class LoraFormatTests : IDisposable
{
    private const string Linear = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"; // (32, 32)
    private const string Convolution = "lora_unet_mid_block_resnets_0_conv1"; // (32, 32, 3, 3)

    private const long Width = 32 * 9; // terms of a product: 32 channels, a 3×3 kernel at most
    private const long Norm = 8 * 4 * 4 * 2; // terms of a norm: a group of 8 channels of 4×4, summed twice

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly UNet2DConditionModel _unet = GoldenBase.UNet();
    private readonly TemporaryFolder _folder = new();
    private readonly Generator _random = new(1);

    [Fact]
    public void LoHa_is_the_elementwise_product_of_two_low_rank_matrices()
    {
        Tensor a = Random(32, 3), b = Random(3, 32), c = Random(32, 3), d = Random(3, 32);
        AssertDelta(Linear, new()
        {
            [".hada_w1_a"] = a,
            [".hada_w1_b"] = b,
            [".hada_w2_a"] = c,
            [".hada_w2_b"] = d,
            [".alpha"] = tensor(6f)
        }, a.mm(b) * c.mm(d) * 2);
    }

    [Fact]
    public void LoHa_of_a_convolution_may_have_cores()
    {
        Tensor a = Random(3, 32), b = Random(3, 32), c = Random(3, 32), d = Random(3, 32), t1 = Random(3, 3, 3, 3), t2 = Random(3, 3, 3, 3);
        var expected = einsum("ijkl,jr,ip->prkl", t1, b, a) * einsum("ijkl,jr,ip->prkl", t2, d, c);
        AssertDelta(Convolution, new()
        {
            [".hada_w1_a"] = a,
            [".hada_w1_b"] = b,
            [".hada_w2_a"] = c,
            [".hada_w2_b"] = d,
            [".hada_t1"] = t1,
            [".hada_t2"] = t2
        }, expected);
    }

    [Fact]
    public void LoKr_is_a_Kronecker_product()
    {
        Tensor small = Random(4, 2), a = Random(8, 3), b = Random(3, 16);
        var large = a.mm(b);
        AssertDelta(Linear, new() { [".lokr_w1"] = small, [".lokr_w2_a"] = a, [".lokr_w2_b"] = b, [".alpha"] = tensor(1.5f) },
            Kronecker(small, large) * 0.5);
        AssertDelta(Linear, new() { [".lokr_w1"] = small, [".lokr_w2"] = large, [".alpha"] = tensor(1e9f) },
            Kronecker(small, large)); // whole: alpha means nothing
    }

    [Fact]
    public void A_CP_decomposed_convolution_has_a_core_between()
    {
        Tensor down = Random(3, 32, 1, 1), mid = Random(3, 3, 3, 3), up = Random(32, 3, 1, 1);
        var expected = einsum("nmkl,in,mj->ijkl", mid, up.flatten(1), down.flatten(1));
        AssertDelta(Convolution, new()
        {
            [".lora_down.weight"] = down,
            [".lora_mid.weight"] = mid,
            [".lora_up.weight"] = up,
            [".alpha"] = tensor(6f)
        }, expected * 2);
    }

    [Fact]
    public void OFT_turns_the_outputs_and_keeps_their_lengths()
    {
        var blocks = Random(4, 8, 8) * 0.1;
        var weight = Weight(Linear);
        var delta = Load(Linear, new() { [".oft_blocks"] = blocks }).Delta();
        Assert.True(delta.abs().max().item<float>() > 1e-3);
        var gram = (weight + delta).transpose(0, 1).mm(weight + delta);
        Rounding.Same(weight.transpose(0, 1).mm(weight), gram,
            Width + (2 * 32)); // the product, and a turn by blocks of 8 that is solved for
    }

    [Theory]
    [InlineData(Linear, false)]
    [InlineData(Linear, true)]
    [InlineData(Convolution, false)]
    [InlineData(Convolution, true)]
    public void IA3_multiplies_each_output_or_each_input(string module, bool onInput)
    {
        var (factors, weight) = (Random(32), Weight(module));
        long[] shape = [.. weight.shape.Select((_, axis) => axis == (onInput ? 1 : 0) ? 32L : 1)];
        AssertDelta(module, new() { [".weight"] = factors, [".on_input"] = tensor(onInput) }, weight * factors.reshape(shape));
    }

    [Theory]
    [InlineData(Linear)]
    [InlineData(Convolution)]
    public void GLoRA_is_read_in_the_order_of_both_its_versions(string module)
    {
        var weight = Weight(module);
        long[] kernel = [.. weight.shape[2..]], point = [.. kernel.Select(_ => 1L)];
        Tensor upA = Random(32, 3), downA = Random(3, 32), upB = Random(32, 3), downB = Random([3, 32, .. kernel]);
        var ofInput = weight.dim() == 2 ? weight.mm(upA.mm(downA)) : einsum("oikl,ij->ojkl", weight, upA.mm(downA));
        var expected = (upB.mm(downB.flatten(1)).reshape(weight.shape) + ofInput) * 2;
        AssertDelta(module, new()
        {
            [".a1.weight"] = upA.reshape([32, 3, .. point]),
            [".a2.weight"] = downA.reshape([3, 32, .. point]),
            [".b1.weight"] = upB.reshape([32, 3, .. point]),
            [".b2.weight"] = downB,
            [".alpha"] = tensor(6f)
        }, expected);
        AssertDelta(module, new()
        {
            [".a2.weight"] = upA.reshape([32, 3, .. point]),
            [".a1.weight"] = downA.reshape([3, 32, .. point]),
            [".b2.weight"] = upB.reshape([32, 3, .. point]),
            [".b1.weight"] = downB,
            [".alpha"] = tensor(6f)
        }, expected);
    }

    [Theory]
    [InlineData("lora_unet_mid_block_resnets_0_norm1", 4)]
    [InlineData("lora_unet_mid_block_attentions_0_transformer_blocks_0_norm1", 3)]
    public void Norms_get_what_is_added_to_their_weight_and_bias(string module, int dimensions)
    {
        using var grad = no_grad();
        Tensor weight = Random(32), bias = Random(32);
        var path = Save(new() { [module + ".w_norm"] = weight, [module + ".b_norm"] = bias });
        var layer = (nn.Module<Tensor, Tensor>)_unet.named_modules()
            .First(named => "lora_unet_" + named.name.Replace('.', '_') == module).module;
        var x = dimensions == 4 ? Random(2, 32, 4, 4) : Random(2, 5, 32);
        var bare = layer.call(x);
        using (var network = LoraNetwork.Load(path, _unet, null, 0.5, strict: true))
        {
            var folded = layer.call(x);
            Assert.True(Apart(folded, bare) > 0.01);
            Rounding.Same(folded, network.Adapters.Single().Adapter.Forward(x, bare.clone()), Norm); // beside the layer it is the same
            network.Merge();
        }

        var merged = layer.call(x);
        Rounding.Same(LoraMerged(layer, x), merged, Norm);

        // The layer with half of the change written into it, undone again.
        Tensor LoraMerged(nn.Module<Tensor, Tensor> norm, Tensor input)
        {
            var (w, b) = (Weight(module), _unet.named_parameters()
                .First(parameter => "lora_unet_" + parameter.name.Replace('.', '_') == module + "_bias").parameter);
            var result = norm.forward(input);
            w.sub_(weight * 0.5);
            b.sub_(bias * 0.5);
            Rounding.Same(bare, norm.forward(input), Norm);
            return result;
        }
    }

    [Theory]
    [InlineData(".oft_blocks", "BOFT")]
    [InlineData(".bm.weight", "Tucker")]
    public void What_is_not_read_is_named(string part, string expected)
    {
        var parts = new Dictionary<string, Tensor> { [Linear + part] = Random(2, 2, 4, 4), [Convolution + ".diff"] = Random(32, 32, 3, 3) };
        foreach (var name in part == ".bm.weight" ? new[] { "a1", "a2", "b1", "b2" } : [])
            parts[$"{Linear}.{name}.weight"] = Random(32, 32);
        Assert.Contains(expected, Assert.Single(LoraFile.Read(Save(parts)).Problems).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_difference_is_added_as_it_is()
    {
        var change = Random(32, 32, 3, 3);
        AssertDelta(Convolution, new() { [".diff"] = change }, change);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void DoRA_is_read_in_both_conventions_by_the_shape_of_its_lengths(int axis)
    {
        Tensor down = Random(2, 32, 3, 3), up = Random(32, 2, 1, 1), lengths = rand([32], generator: _random) + 0.5;
        var moved = Weight(Convolution) + up.flatten(1).mm(down.flatten(1)).reshape(32, 32, 3, 3);
        var shaped = axis == 0 ? lengths.reshape(32, 1, 1, 1) : lengths.reshape(1, 32, 1, 1);
        var norms = moved.square().sum(axis == 0 ? [1L, 2, 3] : [0L, 2, 3], keepdim: true).sqrt();
        AssertDelta(Convolution, new() { [".lora_down.weight"] = down, [".lora_up.weight"] = up, [".dora_scale"] = shaped },
            (moved / norms * shaped) - Weight(Convolution));
    }

    [Fact]
    public void PEFTs_DoRA_is_per_output()
    {
        Tensor down = Random(2, 32), up = Random(32, 2), lengths = rand([32], generator: _random) + 0.5;
        var moved = Weight(Linear) + up.mm(down);
        var path = Save(new()
        {
            ["unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.weight"] = down,
            ["unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q.lora_B.weight"] = up,
            ["unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q.lora_magnitude_vector"] = lengths,
        });
        using var network = LoraNetwork.Load(path, _unet, null, strict: true);
        Rounding.Same((moved / moved.square().sum(1, keepdim: true).sqrt() * lengths.unsqueeze(1)) - Weight(Linear),
            network.Adapters.Single().Adapter.Delta(), Width);
    }

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
            "not finite (NaN or infinite), which are left out: lora_unet_conv_out", "does not have: lora_unet_nowhere",
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
    [InlineData("emb_params", "textual-inversion")]
    public void What_is_no_LoRA_is_called_what_it_is(string name, string expected) =>
        Assert.Contains(expected, Assert.Throws<BadInputException>(() => LoraFile.Read(Save(new() { [name] = zeros(2, 4) }))).Message,
            StringComparison.Ordinal);

    public void Dispose()
    {
        _folder.Dispose();
        _unet.Dispose();
        _scope.Dispose();
        _random.Dispose();
    }

    private Tensor Random(params long[] shape) => randn(shape, generator: _random) * 0.2;

    private static double Apart(Tensor one, Tensor other) => (one - other).abs().max().item<float>();

    private static Tensor Kronecker(Tensor a, Tensor b) => einsum("ac,bd->abcd", a, b).reshape(a.shape[0] * b.shape[0], -1);

    private Tensor Weight(string module) =>
        _unet.named_parameters()
            .First(parameter => "lora_unet_" + parameter.name.Replace('.', '_') == module + "_weight").parameter.detach();

    private long[] LoraModulesOf(string module) => Weight(module).shape;

    private string Save(Dictionary<string, Tensor> tensors)
    {
        Safetensors.Save(_folder["file.safetensors"], tensors);
        return _folder["file.safetensors"];
    }

    private Adapter Load(string module, Dictionary<string, Tensor> parts)
    {
        var network = LoraNetwork.Load(Save(parts.ToDictionary(part => module + part.Key, part => part.Value)), _unet, null, strict: true);
        network.Remove();
        return network.Adapters.Single().Adapter;
    }

    // The adapter's ΔW is the expected one, and its forward pass is that of the merged weight.
    private void AssertDelta(string module, Dictionary<string, Tensor> parts, Tensor expected)
    {
        using var grad = no_grad();
        var adapter = Load(module, parts);
        Rounding.Same(expected.reshape(adapter.Delta().shape), adapter.Delta(), Width);
        var x = module == Linear ? Random(2, 5, 32) : Random(2, 32, 6, 6);
        var share = module == Linear ? nn.functional.linear(x, expected.reshape(32, 32))
            : nn.functional.conv2d(x, expected.reshape(32, 32, 3, 3), padding: [1, 1]);
        Rounding.Same(share, adapter.Forward(x, zeros_like(share)), 2 * Width);
    }
}
