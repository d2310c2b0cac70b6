using NotebookKit.Lora;
using NotebookKit.Lora.Files;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Lora;

/// <summary>Files of other tools, and files with something wrong.</summary>
public sealed class LoraFormatTests : LoraFormatCases
{
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
}
