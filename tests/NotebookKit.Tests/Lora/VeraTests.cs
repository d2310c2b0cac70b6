using NotebookKit.Checkpoints;
using NotebookKit.Lora;
using NotebookKit.Lora.Files;
using NotebookKit.Lora.Tools;
using NotebookKit.Models;
using NotebookKit.Tests.Models;
using NotebookKit.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Lora;

/// <summary>VeRA: random projections that all layers share, and two learned vectors for each.</summary>
public sealed class VeraTests : IDisposable
{
    private const string Layer = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"; // (32, 32)

    private static readonly LoraOptions Vera = new() { Kind = "vera", Rank = 6, Targets = LoraTargets.Kohya };

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly UNet2DConditionModel _unet = GoldenBase.UNet();
    private readonly Dictionary<string, Tensor> _inputs = GoldenBase.Load("lora", "inputs.safetensors");
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_fresh_network_changes_nothing_to_the_last_bit()
    {
        var before = Output();
        using var network = LoraNetwork.Inject(_unet, null, Vera);
        Assert.True(Output().Equals(before));
        Assert.True(Output(grad: true).detach().Equals(before));
    }

    [Fact]
    public void The_projections_are_drawn_as_PEFT_draws_them_and_as_large_as_the_largest_layer()
    {
        using var network = LoraNetwork.Inject(_unet, null, Vera with { Seed = 0 });
        var shared = network.ToFile().Modules[0].Shared.ToDictionary(pair => pair.Name, pair => pair.Tensor);
        var (a, b) = (shared["base_model.vera_A"], shared["base_model.vera_B"]);
        var weights = network.Adapters.Select(adapter => adapter.Adapter.Delta().shape).ToList();
        Assert.Equal([6, weights.Max(shape => shape[1])], a.shape);
        Assert.Equal([weights.Max(shape => shape[0]), 6], b.shape);

        // What PyTorch's generator gives first from seed 0, on Kaiming's bounds ±√(6 / fan in).
        double[] draws = [0.4963, 0.7682, 0.0885, 0.1320];
        for (var i = 0; i < draws.Length; i++)
            Assert.Equal(((2 * draws[i]) - 1) * Math.Sqrt(6.0 / a.shape[1]), a[0, i].item<float>(), 1e-4);
        Assert.InRange(b.abs().max().item<float>(), 0.95, 1.0001); // √(6 / 6)
    }

    [Fact]
    public void Training_moves_the_vectors_and_leaves_the_projections_and_the_base_alone()
    {
        foreach (var parameter in _unet.parameters())
            parameter.requires_grad_(false);
        using var network = LoraNetwork.Inject(_unet, null, Vera);
        var before = network.ToFile().Modules[0].Shared.Select(pair => pair.Tensor.clone()).ToList();
        using var optimizer = new AdamW([new OptimizerGroup(network.Parameters, 0.1)]);
        var target = randn(_inputs["sample"].shape, generator: new Generator(3));
        var losses = new List<float>();
        for (var i = 0; i < 8; i++)
        {
            var loss = (Output(grad: true) - target).square().mean();
            losses.Add(loss.item<float>());
            loss.backward();
            Assert.All(network.Parameters, parameter => Assert.NotNull(parameter.grad));
            optimizer.Step(1);
            optimizer.ZeroGradient();
        }

        Assert.True(losses[^1] < 0.99 * losses[0], $"{losses[0]} to {losses[^1]}");
        Assert.All(network.ToFile().Modules[0].Shared.Zip(before), pair => Assert.True(pair.First.Tensor.Equals(pair.Second)));
        Assert.All(_unet.parameters(), parameter => Assert.Null(parameter.grad));
    }

    [Theory]
    [InlineData(LoraFormat.Kohya)]
    [InlineData(LoraFormat.Peft)]
    public void What_is_trained_is_what_the_file_gives_back_beside_the_layers_and_merged(LoraFormat format)
    {
        using var network = Trained();
        var live = Output();
        network.ToFile().Write(_folder["vera.safetensors"], ScalarType.Float32, format);
        network.Remove();
        using (var loaded = LoraNetwork.Load(_folder["vera.safetensors"], _unet, null, strict: true))
        {
            Assert.Equal("VeRA", loaded.Adapters.First().Adapter.Kind);
            Assert.True(Output().Equals(live));
            loaded.Merge();
        }

        Rounding.Same(live, Output(), Rounding.Network);
    }

    [Fact]
    public void A_change_is_the_two_vectors_and_the_projections_parts_multiplied_out()
    {
        using var network = Trained();
        var adapter = network.Adapters.Single(adapter => adapter.Name == Layer).Adapter;
        network.ToFile().Write(_folder["vera.safetensors"], ScalarType.Float32);
        var file = Safetensors.Load(_folder["vera.safetensors"]);
        var (a, b) = (file["base_model.vera_A"].narrow(1, 0, 32), file["base_model.vera_B"].narrow(0, 0, 32));
        var expected = diag(file[$"{Layer}.vera_lambda_b"]).mm(b).mm(diag(file[$"{Layer}.vera_lambda_d"])).mm(a);
        Rounding.Same(expected, adapter.Delta(), 32 + 6);
        Assert.Equal("VERA", Safetensors.ReadMetadata(_folder["vera.safetensors"])["peft_type"]);
    }

    [Fact]
    public void Its_size_is_known_before_and_its_kind_after()
    {
        using var network = Trained();
        network.ToFile().Write(_folder["vera.safetensors"], ScalarType.Float16);
        var tensors = Safetensors.Load(_folder["vera.safetensors"]);
        var size = LoraSize.Of(_unet, null, Vera, ScalarType.Float16);
        Assert.Equal(LoraSize.Tensors(_unet, null, Vera).Select(tensor => $"{tensor.Name} {string.Join(',', tensor.Shape)}"),
            tensors.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key} {string.Join(',', pair.Value.shape)}"));
        Assert.Equal((network.Adapters.Count(), network.Parameters.Sum(parameter => parameter.numel())), (size.Modules, size.Parameters));
        var info = LoraInfo.Of(LoraFile.Read(_folder["vera.safetensors"]));
        Assert.Equal((size.Modules, size.Modules), (info.Kinds["VeRA"], info.Ranks[6]));
        Assert.Equal(tensors.Values.Sum(tensor => tensor.numel()), info.Parameters);
    }

    [Fact]
    public void Beside_a_base_the_strength_of_its_changes_is_told_and_not_that_of_its_vectors()
    {
        using var sd = TinyModel.Create();
        using var fitting = LoraNetwork.Inject(sd.UNet, null, Vera);
        foreach (var parameter in fitting.Parameters)
            parameter.requires_grad_(false).add_(0.5);
        var norm = Math.Sqrt(fitting.Adapters.Sum(adapter => Math.Pow(adapter.Adapter.Delta().norm().item<float>(), 2)));
        var blocks = LoraInfo.Of(fitting.ToFile(), sd).Blocks;
        Assert.Equal(norm, Math.Sqrt(blocks.Sum(block => block.Norm * block.Norm)), 1e-4 * norm);
    }

    [Fact]
    public void Convolutions_are_left_alone_and_alone_are_refused()
    {
        using (var network = LoraNetwork.Inject(_unet, null, Vera with { Targets = LoraTargets.All }))
            Assert.All(network.Adapters, adapter => Assert.Equal(2, adapter.Adapter.Delta().dim()));
        var error = Assert.Throws<BadInputException>(() =>
            LoraNetwork.Inject(_unet, null, Vera with { Targets = LoraTargets.Matching("conv1$") }));
        Assert.Contains("linear layers", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_it_has_no_place_for_is_refused()
    {
        foreach (var options in new[] { Vera with { Alpha = 3 }, Vera with { RsLora = true }, Vera with { Dora = DoraNorm.PerOutput },
            Vera with { Init = LoraInit.Pissa }, Vera with { ConvRank = 2 } })
            Assert.Contains("VeRA has no", Assert.Throws<BadInputException>(() => LoraNetwork.Inject(_unet, null, options)).Message,
                StringComparison.Ordinal);
        var unknown = Assert.Throws<BadInputException>(() => LoraNetwork.Inject(_unet, null, Vera with { Kind = "verra" })).Message;
        Assert.Contains("lora, vera", unknown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("base_model.vera_B", "without its projections")]
    [InlineData(Layer + ".vera_lambda_d", "lack one of VeRA's two vectors")]
    public void A_file_that_lacks_a_part_says_which(string part, string expected)
    {
        var tensors = new Dictionary<string, Tensor>
        {
            ["base_model.vera_A"] = ones(2, 32),
            ["base_model.vera_B"] = ones(32, 2),
            [Layer + ".vera_lambda_b"] = ones(32),
            [Layer + ".vera_lambda_d"] = ones(2),
        };
        Safetensors.Save(_folder["whole.safetensors"], tensors);
        Assert.Empty(LoraFile.Read(_folder["whole.safetensors"]).Problems);
        tensors.Remove(part);
        Safetensors.Save(_folder["part.safetensors"], tensors);
        Assert.Contains(expected, Assert.Single(LoraFile.Read(_folder["part.safetensors"]).Problems).ToString(), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _unet.Dispose();
        _scope.Dispose();
    }

    private LoraNetwork Trained()
    {
        using var grad = no_grad();
        using var random = new Generator(5);
        var network = LoraNetwork.Inject(_unet, null, Vera);
        foreach (var parameter in network.Parameters)
            parameter.add_(randn(parameter.shape, generator: random) * 0.1);
        return network;
    }

    private Tensor Output(bool grad = false)
    {
        using var mode = grad ? enable_grad() : no_grad();
        return _unet.call(_inputs["sample"], _inputs["timestep"], _inputs["context"]);
    }
}
