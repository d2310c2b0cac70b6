using NotebookKit.Checkpoints;
using NotebookKit.Lora;
using NotebookKit.Lora.Adapters;
using NotebookKit.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Lora;

public sealed class LoraNetworkTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly UNet2DConditionModel _unet = GoldenBase.UNet();
    private readonly Dictionary<string, Tensor> _inputs = GoldenBase.Load("lora", "inputs.safetensors");
    private readonly string _folder = Directory.CreateTempSubdirectory("kit-lora-").FullName;

    [Theory]
    [InlineData("attention", LoraInit.Kaiming, null)]
    [InlineData("kohya", LoraInit.Gaussian, null)]
    [InlineData("locon", LoraInit.Kaiming, null)]
    [InlineData("all", LoraInit.Kaiming, null)]
    [InlineData("kohya", LoraInit.Pissa, null)]
    [InlineData("locon", LoraInit.Kaiming, DoraNorm.PerOutput)]
    [InlineData("locon", LoraInit.Kaiming, DoraNorm.PerInput)]
    public void A_fresh_network_changes_nothing_to_the_last_bit(string targets, LoraInit init, DoraNorm? dora)
    {
        var before = Output();
        using var network = LoraNetwork.Inject(_unet, null,
            new LoraOptions { Rank = 3, Targets = LoraTargets.Parse(targets), Init = init, Dora = dora });
        Assert.True(Output().Equals(before));
        Assert.True(Output(grad: true).detach().Equals(before));
    }

    [Theory]
    [InlineData(LoraInit.Kaiming, null, false)]
    [InlineData(LoraInit.Pissa, null, false)]
    [InlineData(LoraInit.Gaussian, null, true)]
    [InlineData(LoraInit.Kaiming, DoraNorm.PerOutput, false)]
    [InlineData(LoraInit.Kaiming, DoraNorm.PerInput, false)]
    public void What_is_trained_is_what_the_file_gives_back(LoraInit init, DoraNorm? dora, bool rsLora)
    {
        var path = Path.Combine(_folder, "trained.safetensors");
        var network = LoraNetwork.Inject(_unet, null,
            new LoraOptions { Rank = 3, Alpha = 2, Targets = LoraTargets.Locon, Init = init, Dora = dora, RsLora = rsLora });
        Disturb(network);
        var live = Output();
        Rounding.Same(live, Output(grad: true), Rounding.Network); // the recorded path and the short one
        network.Save(path, ScalarType.Float32);
        network.Dispose();
        using var loaded = LoraNetwork.Load(path, _unet, null, strict: true);
        Rounding.Same(live, Output(), Rounding.Network);
    }

    [Fact]
    public void Every_kind_of_weight_gets_a_gradient_when_the_text_encoder_and_DoRA_learn_too()
    {
        using var network = LoraNetwork.Inject(_unet, null,
            new LoraOptions { Rank = 2, Targets = LoraTargets.Locon, Dora = DoraNorm.PerOutput });
        Output(grad: true).square().sum().backward();
        var lengths = network.Layers.Select(layer => ((DoraLayer)layer.Layer).Magnitude).ToList();
        Assert.All(network.Parameters, parameter => Assert.True(parameter.grad is not null));
        Assert.Contains(lengths, length => length.grad!.abs().max().item<float>() > 0);
    }

    [Fact]
    public void Dropout_acts_while_gradients_are_recorded_and_at_no_other_time()
    {
        using var network = LoraNetwork.Inject(_unet, null, new LoraOptions { Rank = 8, Dropout = 0.5 });
        Disturb(network);
        Assert.True(Output().Equals(Output()));
        Assert.False(Output(grad: true).Equals(Output(grad: true)));
    }

    [Fact]
    public void Two_networks_add_up_and_change_their_multipliers_live()
    {
        var bare = Output();
        using var first = LoraNetwork.Load(House.Golden("lora", "locon_r4.safetensors"), _unet, GoldenBase.TextEncoder());
        var one = Output();
        using var second = LoraNetwork.Inject(_unet, null, new LoraOptions { Seed = 3 });
        Disturb(second);
        var both = Output();
        Assert.True(Apart(both, one) > 1e-3);
        second.Multiplier = 0;
        Assert.True(Output().Equals(one));
        (first.Multiplier, second.Multiplier) = (0, 1);
        Assert.True(Apart(Output(), bare) > 1e-3);
        (first.Multiplier, second.Multiplier) = (0, 0);
        Assert.True(Output().Equals(bare));
    }

    [Fact]
    public void Text_encoder_and_UNet_have_multipliers_of_their_own()
    {
        var text = GoldenBase.TextEncoder();
        var bare = text.call(_inputs["input_ids"]).LastHiddenState;
        var before = Output();
        using var network = LoraNetwork.Load(House.Golden("lora", "locon_r4.safetensors"), _unet, text);
        network.TextMultiplier = 0;
        Assert.True(text.call(_inputs["input_ids"]).LastHiddenState.Equals(bare));
        Assert.False(Output().Equals(before));
        (network.TextMultiplier, network.UNetMultiplier) = (1, 0);
        Assert.False(text.call(_inputs["input_ids"]).LastHiddenState.Equals(bare));
        Assert.True(Output().Equals(before));
    }

    [Fact]
    public void Multiplier_zero_and_removal_give_the_base_to_the_last_bit()
    {
        var before = Output();
        var network = LoraNetwork.Load(House.Golden("lora", "locon_r4.safetensors"), _unet, GoldenBase.TextEncoder());
        Assert.False(Output().Equals(before));
        network.Multiplier = 0;
        Assert.True(Output().Equals(before));
        network.Multiplier = 1;
        network.Remove();
        Assert.True(Output().Equals(before));
        network.Dispose();
    }

    [Fact]
    public void The_bases_state_dict_does_not_know_about_the_network()
    {
        var names = _unet.state_dict().Keys.ToList();
        var weights = _unet.state_dict().Values.Select(value => value.clone()).ToList();
        using var network = LoraNetwork.Inject(_unet, null, new LoraOptions());
        Assert.Equal(names, _unet.state_dict().Keys);
        Assert.All(_unet.state_dict().Values.Zip(weights), pair => Assert.True(pair.First.Equals(pair.Second)));
    }

    [Fact]
    public void Only_the_adapters_learn()
    {
        foreach (var parameter in _unet.parameters())
            parameter.requires_grad_(false);
        using var network = LoraNetwork.Inject(_unet, null, new LoraOptions());
        Output(grad: true).sum().backward();
        Assert.All(_unet.parameters(), parameter => Assert.True(parameter.grad is null));
        Assert.All(network.Layers, layer => Assert.True(layer.Layer.Up.grad is not null));
        Assert.Contains(network.Layers, layer => layer.Layer.Up.grad!.abs().max().item<float>() > 0);
    }

    [Fact]
    public void The_same_seed_gives_the_same_network_and_another_seed_another()
    {
        using var first = LoraNetwork.Inject(_unet, null, new LoraOptions { Seed = 7 });
        using var again = LoraNetwork.Inject(_unet, null, new LoraOptions { Seed = 7 });
        using var other = LoraNetwork.Inject(_unet, null, new LoraOptions { Seed = 8 });
        Assert.All(first.Parameters.Zip(again.Parameters), pair => Assert.True(pair.First.Equals(pair.Second)));
        Assert.Contains(first.Parameters.Zip(other.Parameters), pair => !pair.First.Equals(pair.Second));
    }

    [Fact]
    public void Down_starts_uniform_within_one_over_the_root_of_its_inputs()
    {
        using var network = LoraNetwork.Inject(_unet, null, new LoraOptions { Rank = 64 });
        var down = network.Layers.First(layer =>
            layer.Name.EndsWith("mid_block_attentions_0_transformer_blocks_0_attn2_to_k", StringComparison.Ordinal)).Layer.Down;
        var bound = 1 / Math.Sqrt(down.shape[1]);
        Assert.InRange(down.abs().max().item<float>(), 0.95 * bound, bound);
        Assert.InRange(down.std().item<float>(), 0.9 * bound / Math.Sqrt(3), 1.1 * bound / Math.Sqrt(3));
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float16)]
    public void A_saved_network_is_a_kohya_file_that_gives_the_same_output(ScalarType dtype)
    {
        var path = Path.Combine(_folder, "sub", "net.safetensors");
        using (var network = LoraNetwork.Inject(_unet, null, new LoraOptions { Rank = 3, Alpha = 1.5, Targets = LoraTargets.Locon }))
        {
            using (no_grad())
            {
                foreach (var (_, layer) in network.Layers)
                    layer.Up.copy_(randn(layer.Up.shape, generator: new Generator(1)).to(dtype) * 0.05);
                foreach (var (_, layer) in network.Layers)
                    layer.Down.copy_(layer.Down.to(dtype)); // what a half-precision file can hold
                foreach (var (_, layer) in network.Layers)
                    layer.Up.copy_(layer.Up.to(dtype));
            }

            network.Save(path, dtype, new Dictionary<string, string> { ["ss_seed"] = "5" });
            var live = Output();
            network.Remove();
            using var loaded = LoraNetwork.Load(path, _unet, null);
            Assert.True(Output().Equals(live));
        }

        var keys = Safetensors.Load(path);
        Assert.Equal(277 * 3, keys.Count); // SD 1.5 has one more: the tiny UNet's third level is as wide as its second
        Assert.Equal([3, 32], keys["lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q.lora_down.weight"].shape);
        Assert.Equal([32, 3, 1, 1], keys["lora_unet_mid_block_resnets_0_conv1.lora_up.weight"].shape);
        Assert.Equal(1.5f, keys["lora_unet_mid_block_resnets_0_conv1.alpha"].to(ScalarType.Float32).item<float>());
        var metadata = Safetensors.ReadMetadata(path);
        Assert.Equal(("3", "1.5", "5"), (metadata["ss_network_dim"], metadata["ss_network_alpha"], metadata["ss_seed"]));
        Assert.Contains("conv_dim", metadata["ss_network_args"], StringComparison.Ordinal);
    }

    [Fact]
    public void A_rank_of_zero_is_refused() =>
        Assert.Contains("rank",
            Assert.Throws<BadInputException>(() => LoraNetwork.Inject(_unet, null, new LoraOptions { Rank = 0 })).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_file_for_wider_layers_is_refused_and_leaves_the_base_untouched()
    {
        var path = Save("wide", new()
        {
            ["lora_unet_mid_block_attentions_0_proj_in.lora_down.weight"] = zeros(2, 1280, 1, 1),
            ["lora_unet_mid_block_attentions_0_proj_in.lora_up.weight"] = zeros(1280, 2, 1, 1)
        });
        var before = Output();
        var error = Assert.Throws<BadInputException>(() => LoraNetwork.Load(path, _unet, null));
        Assert.Contains("another base", error.Message, StringComparison.Ordinal);
        Assert.Contains("lora_unet_mid_block_attentions_0_proj_in", error.Message, StringComparison.Ordinal);
        Assert.True(Output().Equals(before));
    }

    [Fact]
    public void A_file_with_a_foreign_layer_is_refused_when_strict_and_else_applies_in_part()
    {
        var path = Save("mixed", new()
        {
            ["lora_unet_conv_in.lora_down.weight"] = ones(1, 4, 3, 3),
            ["lora_unet_conv_in.lora_up.weight"] = ones(16, 1, 1, 1),
            ["lora_unet_nowhere.lora_down.weight"] = ones(1, 4),
            ["lora_unet_nowhere.lora_up.weight"] = ones(4, 1),
        });
        var before = Output();
        var error = Assert.Throws<BadInputException>(() => LoraNetwork.Load(path, _unet, null, strict: true));
        Assert.Contains("lora_unet_nowhere", error.Message, StringComparison.Ordinal);
        Assert.True(Output().Equals(before));

        using var network = LoraNetwork.Load(path, _unet, null);
        Assert.Contains("lora_unet_nowhere", Assert.Single(network.Problems).ToString(), StringComparison.Ordinal);
        Assert.False(Output().Equals(before));
    }

    [Theory]
    [InlineData("lora_unet_conv_in.lora_down.weight", "lack their up")]
    [InlineData("conv_in.weight", "no LoRA")]
    public void A_file_that_is_no_whole_LoRA_says_what_is_wrong(string key, string expected)
    {
        var path = Save("odd", new() { [key] = zeros(1, 4, 3, 3) });
        Assert.Contains(expected, Assert.Throws<BadInputException>(() => LoraNetwork.Load(path, _unet, null)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_truncated_file_is_refused()
    {
        var path = Path.Combine(_folder, "short.safetensors");
        File.WriteAllBytes(path, File.ReadAllBytes(House.Golden("lora", "te_only_r4.safetensors"))[..5000]);
        Assert.Throws<BadInputException>(() => LoraNetwork.Load(path, _unet, null));
    }

    [Fact]
    public void A_lone_pair_stored_flat_fits_a_pointwise_convolution()
    {
        var path = Save("flat", new()
        {
            ["lora_unet_mid_block_attentions_0_proj_in.lora_down.weight"] = ones(2, 32),
            ["lora_unet_mid_block_attentions_0_proj_in.lora_up.weight"] = ones(32, 2)
        });
        var before = Output();
        using var network = LoraNetwork.Load(path, _unet, null);
        Assert.False(Output().Equals(before));
    }

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        _unet.Dispose();
        _scope.Dispose();
    }

    private string Save(string name, Dictionary<string, Tensor> tensors)
    {
        var path = Path.Combine(_folder, name + ".safetensors");
        Safetensors.Save(path, tensors);
        return path;
    }

    private static void Disturb(LoraNetwork network)
    {
        using var grad = no_grad();
        using var random = new Generator(5);
        foreach (var parameter in network.Parameters)
            parameter.add_(randn(parameter.shape, generator: random) * 0.05);
    }

    private static double Apart(Tensor one, Tensor other) => (one - other).abs().max().item<float>();

    private Tensor Output(bool grad = false)
    {
        using var mode = grad ? enable_grad() : no_grad();
        return _unet.call(_inputs["sample"], _inputs["timestep"], _inputs["context"]);
    }
}
