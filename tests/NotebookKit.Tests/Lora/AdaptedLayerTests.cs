using NotebookKit.Lora;
using NotebookKit.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Lora;

/// <summary>Without gradients a small layer computes with its adapters' changes added to its weight.</summary>
public sealed class AdaptedLayerTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly UNet2DConditionModel _unet = GoldenBase.UNet();
    private readonly Dictionary<string, Tensor> _inputs = GoldenBase.Load("lora", "inputs.safetensors");

    [Fact]
    public void Attached_it_computes_what_it_does_merged_to_the_last_bit()
    {
        using var network = Load(0.7);
        var attached = Output();
        network.Merge();
        Assert.True(Output().Equals(attached));
    }

    [Fact]
    public void The_bases_weights_are_its_own_before_and_after_a_pass()
    {
        var before = _unet.state_dict().Values.Select(value => value.detach().clone()).ToList();
        var bare = Output();
        using var network = Load(1);
        Assert.False(Output().Equals(bare));
        Assert.All(_unet.state_dict().Values.Zip(before), pair => Assert.True(pair.First.Equals(pair.Second)));
        network.Multiplier = 0;
        Assert.True(Output().Equals(bare));
    }

    [Fact]
    public void A_multiplier_an_adapters_numbers_and_the_bases_own_count_as_soon_as_they_change()
    {
        using var network = Load(1);
        var one = Output();
        network.Multiplier = 0.5;
        var half = Output();
        Assert.True(Apart(half, one) > 1e-3);
        network.Multiplier = 1;
        Assert.True(Output().Equals(one));

        var layer = network.Layers.First(layer => layer.Name.Contains("conv1", StringComparison.Ordinal)).Layer;
        using (no_grad())
            layer.Up.add_(0.1);
        Assert.True(Apart(Output(), one) > 1e-4);
        using (no_grad())
            layer.Up.sub_(0.1);
        using (no_grad())
            _unet.parameters().First(parameter => parameter.dim() == 4 && parameter.shape[2] == 3).mul_(1.5);
        Assert.True(Apart(Output(), one) > 1e-3);
    }

    [Fact]
    public void With_gradients_it_computes_the_same_beside_the_layer()
    {
        using var network = Load(1);
        var folded = Output();
        using var mode = enable_grad();
        Assert.True(Apart(_unet.call(_inputs["sample"], _inputs["timestep"], _inputs["context"]).detach(), folded) < 1e-5);
    }

    [Fact]
    public void A_layer_that_fails_keeps_nothing_of_its_adapters()
    {
        using var grad = no_grad();
        var network = Load(1);
        var layer = (TorchSharp.Modules.Linear)_unet.named_modules().First(named => named.name == "mid_block.attentions.0.transformer_blocks.0.attn1.to_q").module;
        var expected = Output();
        Assert.ThrowsAny<Exception>(() => layer.call(zeros(1, 5)));
        Assert.True(Output().Equals(expected));
        Assert.ThrowsAny<Exception>(() => layer.call(zeros(1, 5)));
        network.Dispose();
        Assert.True(layer.weight.Equals(GoldenBase.UNet().state_dict()["mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight"]));
    }

    public void Dispose()
    {
        _unet.Dispose();
        _scope.Dispose();
    }

    private LoraNetwork Load(double multiplier) => LoraNetwork.Load(House.Golden("lora", "locon_r4.safetensors"), _unet, null, multiplier);

    private static double Apart(Tensor one, Tensor other) => (one - other).abs().max().item<float>();

    private Tensor Output()
    {
        using var mode = no_grad();
        return _unet.call(_inputs["sample"], _inputs["timestep"], _inputs["context"]);
    }
}
