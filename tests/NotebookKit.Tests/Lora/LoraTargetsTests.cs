using System.Text.Json;
using NotebookKit.Lora;
using NotebookKit.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Lora;

public sealed class LoraTargetsTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly UNet2DConditionModel _unet = GoldenBase.UNet();
    private readonly CLIPTextModel _text = GoldenBase.TextEncoder();

    [Theory]
    [InlineData(LoraTargets.Kohya, new[] { "unet_linear" })]
    [InlineData(LoraTargets.Extended, new[] { "unet_linear", "conv_extra" })]
    public void The_named_sets_are_kohyas_layers_of_Stable_Diffusion(LoraTargets targets, string[] groups)
    {
        // The tiny UNet has SD 1.5's topology, so its layers bear the same names; only its third level is no wider than
        // its second and has no shortcut there.
        using var network = LoraNetwork.Inject(_unet, null, new LoraOptions { Rank = 1, Targets = targets });
        var want = Sd15Modules(groups).Where(name => name != "lora_unet_down_blocks_2_resnets_0_conv_shortcut");
        Assert.Equal(want, network.Layers.Select(layer => layer.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_attention_set_is_the_four_projections_of_every_attention()
    {
        using var network = LoraNetwork.Inject(_unet, _text, new LoraOptions { Rank = 1, Targets = LoraTargets.Attention });
        Assert.Equal(16 * 2 * 4, network.Layers.Count(layer => layer.Name.StartsWith("lora_unet_", StringComparison.Ordinal)));
        Assert.Equal(4 * 4, network.Layers.Count(layer => layer.Name.StartsWith("lora_te_", StringComparison.Ordinal)));
        Assert.All(network.Layers, layer => Assert.Matches("(to_[qkv]|to_out_0|_proj)$", layer.Name));
    }

    public void Dispose()
    {
        _unet.Dispose();
        _text.Dispose();
        _scope.Dispose();
    }

    private static IEnumerable<string> Sd15Modules(string[] groups)
    {
        using var keys = JsonDocument.Parse(File.ReadAllText(House.Golden("lora", "full_sd15_keys_rank4.json")));
        return [.. groups.SelectMany(group => keys.RootElement.GetProperty(group).EnumerateObject())
            .Where(key => key.Name.EndsWith(".alpha", StringComparison.Ordinal))
            .Select(key => key.Name[..^".alpha".Length])
            .Order(StringComparer.Ordinal)];
    }
}
