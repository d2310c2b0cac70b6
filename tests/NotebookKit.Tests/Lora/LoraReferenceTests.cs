using System.Text.Json;
using NotebookKit.Lora;
using NotebookKit.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Lora;

/// <summary>LoRA files made and applied by kohya's sd-scripts and by diffusers, reproduced.</summary>
public sealed class LoraReferenceTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly IDisposable _grad = no_grad();
    private readonly UNet2DConditionModel _unet = GoldenBase.UNet();
    private readonly CLIPTextModel _text = GoldenBase.TextEncoder();
    private readonly Dictionary<string, Tensor> _inputs = GoldenBase.Load("lora", "inputs.safetensors");

    [Theory]
    [InlineData("lin_r4")]
    [InlineData("locon_r4")]
    [InlineData("noalpha_r2")]
    [InlineData("te_only_r4")]
    public void A_kohya_file_gives_the_reference_outputs_at_every_multiplier(string name)
    {
        var want = GoldenBase.Load("lora", $"{name}.outputs.safetensors");
        using var network = LoraNetwork.Load(House.Golden("lora", $"{name}.safetensors"), _unet, _text);
        foreach (var multiplier in (double[])[0, 0.5, 1])
        {
            network.Multiplier = multiplier;
            foreach (var part in (string[])["unet_out", "te_out"])
            {
                if (want.TryGetValue(FormattableString.Invariant($"mult_{multiplier:0.0}.{part}"), out var output))
                    GoldenBase.AssertClose(output, part == "unet_out" ? UNetOut() : TextOut());
            }
        }
    }

    [Theory]
    [InlineData("lin_r4")]
    [InlineData("locon_r4")]
    public void Merged_into_the_weights_it_gives_the_reference_weights_and_outputs(string name)
    {
        var want = GoldenBase.Load("lora", $"{name}.outputs.safetensors");
        LoraNetwork.Load(House.Golden("lora", $"{name}.safetensors"), _unet, _text).Merge();
        var weights = _unet.state_dict();
        var compared = 0;
        foreach (var (key, tensor) in want.Where(pair => pair.Key.StartsWith("merged_1.0.weight.", StringComparison.Ordinal)))
        {
            var error = (tensor - weights[key["merged_1.0.weight.".Length..]]).abs().max().item<float>();
            Assert.True(error <= 1e-6 * tensor.abs().max().item<float>(), $"{key} is off by {error}");
            compared++;
        }

        Assert.True(compared >= 3);
        GoldenBase.AssertClose(want["merged_1.0.unet_out"], UNetOut());
    }

    [Fact]
    public void Two_networks_at_once_each_with_its_own_multiplier_give_the_reference_outputs()
    {
        var want = GoldenBase.Load("lora", "two.outputs.safetensors");
        using var first = LoraNetwork.Load(House.Golden("lora", "lin_r4.safetensors"), _unet, _text, 0.8);
        using var second = LoraNetwork.Load(House.Golden("lora", "locon_r4.safetensors"), _unet, _text, 0.5);
        GoldenBase.AssertClose(want["unet_out"], UNetOut());
        GoldenBase.AssertClose(want["te_out"], TextOut());
    }

    [Fact]
    public void Half_precision_files_are_widened()
    {
        var want = GoldenBase.Load("lora", "lin_r4.fp16.outputs.safetensors");
        using var network = LoraNetwork.Load(House.Golden("lora", "lin_r4.fp16.safetensors"), _unet, _text);
        GoldenBase.AssertClose(want["mult_1.0.unet_out"], UNetOut());
        GoldenBase.AssertClose(want["mult_1.0.te_out"], TextOut());
    }

    [Theory]
    [InlineData("diffusers_format")]
    [InlineData("peft_format")]
    [InlineData("diffusers_attnproc_format")]
    public void Every_spelling_of_diffusers_is_understood(string name)
    {
        var want = GoldenBase.Load("lora", "diffusers_format.outputs.safetensors");
        using var network = LoraNetwork.Load(House.Golden("lora", $"{name}.safetensors"), _unet, _text);
        GoldenBase.AssertClose(want["unet_out"], UNetOut());
    }

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
        _grad.Dispose();
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

    private Tensor UNetOut() => _unet.call(_inputs["sample"], _inputs["timestep"], _inputs["context"]);

    private Tensor TextOut() => _text.call(_inputs["input_ids"]).LastHiddenState;
}
