using NotebookKit.Lora;
using NotebookKit.Lora.Adapters;
using NotebookKit.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Lora;

/// <summary>For the length of a sampling small layers compute with their adapters' changes added to their weights.</summary>
public sealed class AdaptedLayerTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly UNet2DConditionModel _unet = GoldenBase.UNet();
    private readonly Dictionary<string, Tensor> _inputs = GoldenBase.Load("lora", "inputs.safetensors");

    public void Dispose()
    {
        _unet.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void Folded_it_computes_what_it_does_merged_to_the_last_bit()
    {
        using var network = Load(0.7);
        var folded = Folded();
        network.Merge();
        Assert.True(Output().Equals(folded));
    }

    [Fact]
    public void Folded_it_computes_what_it_does_beside_the_layer()
    {
        using var network = Load(1);
        var (beside, folded) = (Output(), Folded());
        Assert.False(folded.Equals(beside));
        Rounding.Same(beside, folded, Rounding.Network);
    }

    [Fact]
    public void The_bases_weights_are_its_own_before_and_after_to_the_bit()
    {
        var before = Weights();
        var bare = Output();
        using var network = Load(1);
        Assert.False(Folded().Equals(bare));
        Same(before);
        Assert.Throws<InvalidDataException>(Fail);
        Same(before);
        network.Multiplier = 0;
        Assert.True(Output().Equals(bare));

        void Fail()
        {
            using var folded = FoldedWeights.Fold(_unet);
            Assert.Contains(Weights().Zip(before), pair => !pair.First.Equals(pair.Second));
            throw new InvalidDataException("in the middle of a sampling");
        }
    }

    [Fact]
    public void What_changes_between_two_samplings_counts_in_the_next()
    {
        using var network = Load(1);
        var one = Folded();
        network.Multiplier = 0.5;
        Assert.True(Apart(Folded(), one) > 1e-3);
        network.Multiplier = 1;
        Assert.True(Folded().Equals(one));

        using var grad = no_grad();
        network.Layers.First(layer => layer.Name.Contains("conv1", StringComparison.Ordinal)).Layer.Up.add_(0.1);
        Assert.True(Apart(Folded(), one) > 1e-4);
    }

    [Fact]
    public void A_multiplier_of_0_folds_nothing()
    {
        var before = Weights();
        using var network = Load(0);
        using var folded = FoldedWeights.Fold(_unet);
        Same(before);
    }

    [Theory]
    [InlineData(512, 1024, ScalarType.Float32, true)]
    [InlineData(512, 1032, ScalarType.Float32, false)] // a second copy would be large, and the thin path costs little
    [InlineData(512, 512, ScalarType.BFloat16, false)] // a sum in half precision is another sum
    public void A_large_layer_and_one_in_half_precision_compute_beside_as_ever(int inputs, int outputs, ScalarType dtype, bool folds)
    {
        using var layer = nn.Linear(inputs, outputs, dtype: dtype);
        using var network = nn.Sequential(layer);
        using var adapter = new LoraLayer(layer, randn(2, inputs), randn(outputs, 2), 2);
        var adapted = AdaptedLayer.Of(new LoraModule("lora_unet_layer", "unet.layer", layer));
        adapted.Add(adapter);
        var before = layer.weight.detach().clone();
        using (FoldedWeights.Fold(network))
            Assert.Equal(folds, !layer.weight.Equals(before));
        Assert.True(layer.weight.Equals(before));
        adapted.Remove(adapter);
    }

    [Fact]
    public void One_fold_inside_another_changes_nothing_until_the_outer_one_ends()
    {
        var before = Weights();
        using var network = Load(1);
        var folded = Folded();
        using (FoldedWeights.Fold(_unet))
        {
            Assert.True(Folded().Equals(folded));
            Assert.True(Output().Equals(folded));
        }

        Same(before);
    }

    [Fact]
    public void Several_threads_fold_and_compute_at_once()
    {
        var before = Weights();
        using var network = Load(1);
        var expected = Folded();
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ =>
        {
            for (var i = 0; i < 10; i++)
            {
                using var mine = NewDisposeScope();
                Assert.True(Folded().Equals(expected));
            }
        });
        Same(before);
    }

    [Fact]
    public void A_fold_that_fails_half_way_leaves_every_weight_its_own()
    {
        var before = Weights();
        using var network = Load(1);
        var (up, down) = (network.Layers.Last().Layer.Up, network.Layers.Last().Layer.Down);
        using var grad = no_grad();
        var kept = up.detach().clone();
        up.set_(zeros(up.shape[0], up.shape[1] + 1)); // no longer a product with down
        Assert.ThrowsAny<Exception>(() => FoldedWeights.Fold(_unet));
        Same(before);
        up.set_(kept);
        Folded();
        Same(before);
    }

    [Fact]
    public void A_layer_that_fails_keeps_nothing_of_its_adapters()
    {
        const string name = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
        using var grad = no_grad();
        var network = Load(1);
        var layer = (Linear)_unet.named_modules().First(named => named.name == name).module;
        var expected = Output();
        Assert.ThrowsAny<Exception>(() => layer.call(zeros(1, 5)));
        Assert.True(Output().Equals(expected));
        using (FoldedWeights.Fold(_unet))
            Assert.ThrowsAny<Exception>(() => layer.call(zeros(1, 5)));
        using (enable_grad())
            Assert.ThrowsAny<Exception>(() => layer.call(zeros(1, 5)));
        Assert.True(Output().Equals(expected));
        network.Dispose();
        Assert.True(layer.weight.Equals(GoldenBase.UNet().state_dict()[name + ".weight"]));
    }

    private LoraNetwork Load(double multiplier) => LoraNetwork.Load(House.Golden("lora", "locon_r4.safetensors"), _unet, null, multiplier);

    private static double Apart(Tensor one, Tensor other) => (one - other).abs().max().item<float>();

    private List<Tensor> Weights() => [.. _unet.parameters().Select(value => value.detach().clone())];

    private void Same(List<Tensor> before) => Assert.All(Weights().Zip(before), pair => Assert.True(pair.First.Equals(pair.Second)));

    private Tensor Folded()
    {
        using var folded = FoldedWeights.Fold(_unet);
        return Output();
    }

    private Tensor Output()
    {
        using var mode = no_grad();
        return _unet.call(_inputs["sample"], _inputs["timestep"], _inputs["context"]);
    }
}
