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
    [InlineData("kohya", new[] { "unet_linear" })]
    [InlineData("locon", new[] { "unet_linear", "conv_extra" })]
    public void The_named_sets_are_kohyas_layers_of_Stable_Diffusion(string targets, string[] groups)
    {
        // The tiny UNet has SD 1.5's topology, so its layers bear the same names; only its third level is no wider than
        // its second and has no shortcut there.
        using var network = LoraNetwork.Inject(_unet, null, new LoraOptions { Rank = 1, Targets = LoraTargets.Parse(targets) });
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

    [Theory]
    [InlineData("attention", 128, 48)]
    [InlineData("extension", 144, 48)]
    [InlineData("kohya", 192, 72)]
    [InlineData("extended", 224, 48)]
    [InlineData("locon", 278, 72)]
    [InlineData("all", 282, 72)]
    public void Stable_Diffusion_has_so_many_layers_of_each_set(string targets, int unet, int text)
    {
        var tensors = LoraSize.Tensors(Sd15.UNet, Sd15.TextEncoder, new LoraOptions { Rank = 1, Targets = LoraTargets.Parse(targets) });
        Assert.Equal(unet, tensors.Count(tensor => tensor.Name.StartsWith("lora_unet_", StringComparison.Ordinal)
            && tensor.Shape.Length == 0));
        Assert.Equal(text, tensors.Count(tensor => tensor.Name.StartsWith("lora_te_", StringComparison.Ordinal)
            && tensor.Shape.Length == 0));
    }

    [Fact]
    public void A_pattern_picks_layers_by_their_path()
    {
        using var network = LoraNetwork.Inject(_unet, _text, new LoraOptions { Rank = 1, Targets = LoraTargets.Parse(@"attn2\.to_[kv]$") });
        Assert.Equal(32, network.Layers.Count());
        Assert.All(network.Layers, layer => Assert.Matches("attn2_to_[kv]$", layer.Name));
    }

    [Fact]
    public void A_mistyped_set_is_answered_with_the_nearest()
    {
        var error = Assert.Throws<BadInputException>(() =>
            LoraNetwork.Inject(_unet, null, new LoraOptions { Targets = LoraTargets.Parse("kohia") }));
        Assert.Contains("kohya", error.Message, StringComparison.Ordinal);
        Assert.Contains("regular expression", Assert.Throws<BadInputException>(() => LoraTargets.Parse("attn(")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Layers_can_have_ranks_of_their_own()
    {
        var options = new LoraOptions
        {
            Rank = 4,
            ConvRank = 2,
            Targets = LoraTargets.Locon,
            Ranks = [new(LoraTargets.Matching("mid_block"), 8, 16), new(LoraTargets.Matching("up_blocks"), 0)]
        };
        using var network = LoraNetwork.Inject(_unet, null, options);
        Assert.DoesNotContain(network.Layers, layer => layer.Name.Contains("up_blocks", StringComparison.Ordinal));
        foreach (var (name, layer) in network.Layers)
        {
            var mid = name.Contains("mid_block", StringComparison.Ordinal);
            Assert.Equal(mid ? 8 : layer.Down.dim() == 4 && layer.Down.shape[2] == 3 ? 2 : 4, layer.Rank);
            Assert.Equal(mid ? 2 : 1, layer.Scale);
        }
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
