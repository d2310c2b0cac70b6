using NotebookKit.Checkpoints;
using NotebookKit.Lora;
using NotebookKit.Lora.Adapters;
using NotebookKit.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Lora;

/// <summary>A small base, its modules, and files made for them.</summary>
public abstract class LoraFormatCases : IDisposable
{
    protected const string Linear = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"; // (32, 32)
    protected const string Convolution = "lora_unet_mid_block_resnets_0_conv1"; // (32, 32, 3, 3)

    protected const long Width = 32 * 9; // terms of a product: 32 channels, a 3×3 kernel at most
    protected const long Norm = 8 * 4 * 4 * 2; // terms of a norm: a group of 8 channels of 4×4, summed twice

    private protected readonly DisposeScope _scope = NewDisposeScope();
    private protected readonly UNet2DConditionModel _unet = GoldenBase.UNet();
    private protected readonly TemporaryFolder _folder = new();
    private protected readonly Generator _random = new(1);

    public void Dispose()
    {
        _folder.Dispose();
        _unet.Dispose();
        _scope.Dispose();
        _random.Dispose();
    }

    protected Tensor Random(params long[] shape) => randn(shape, generator: _random) * 0.2;

    protected static double Apart(Tensor one, Tensor other) => (one - other).abs().max().item<float>();

    protected static Tensor Kronecker(Tensor a, Tensor b) => einsum("ac,bd->abcd", a, b).reshape(a.shape[0] * b.shape[0], -1);

    protected Tensor Weight(string module) =>
        _unet.named_parameters()
            .First(parameter => "lora_unet_" + parameter.name.Replace('.', '_') == module + "_weight").parameter.detach();

    protected long[] LoraModulesOf(string module) => Weight(module).shape;

    protected string Save(Dictionary<string, Tensor> tensors)
    {
        Safetensors.Save(_folder["file.safetensors"], tensors);
        return _folder["file.safetensors"];
    }

    protected Adapter Load(string module, Dictionary<string, Tensor> parts)
    {
        var network = LoraNetwork.Load(Save(parts.ToDictionary(part => module + part.Key, part => part.Value)), _unet, null, strict: true);
        network.Remove();
        return network.Adapters.Single().Adapter;
    }

    // The adapter's ΔW is the expected one, and its forward pass is that of the merged weight.
    protected void AssertDelta(string module, Dictionary<string, Tensor> parts, Tensor expected)
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
