using System.Text.Json;
using NotebookKit.Checkpoints;
using NotebookKit.Models;
using NotebookKit.Tensors;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Models;

public sealed class PretrainedTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_shapes_of_Stable_Diffusion_have_its_parameter_counts()
    {
        using var skip = Layers.Uninitialised(); // memory that nobody touches costs nothing
        using var unet = new UNet2DConditionModel(new UNet2DConditionConfig { CrossAttentionDim = 768 });
        using var vae = new AutoencoderKL(new AutoencoderKLConfig());
        using var text = new CLIPTextModel(new CLIPTextConfig { HiddenSize = 768, IntermediateSize = 3072, NumAttentionHeads = 12 });
        Assert.Equal(859_520_964, unet.parameters().Sum(parameter => parameter.NumberOfElements));
        Assert.Equal(83_653_863, vae.parameters().Sum(parameter => parameter.NumberOfElements));
        Assert.Equal(123_060_480, text.parameters().Sum(parameter => parameter.NumberOfElements));
    }

    [Fact]
    public void The_shapes_of_Stable_Diffusion_have_the_names_and_sizes_of_the_published_weights()
    {
        using var skip = Layers.Uninitialised();
        using var unet = new UNet2DConditionModel(new UNet2DConditionConfig { CrossAttentionDim = 768 });
        using var vae = new AutoencoderKL(new AutoencoderKLConfig());
        using var text = new CLIPTextModel(new CLIPTextConfig { HiddenSize = 768, IntermediateSize = 3072, NumAttentionHeads = 12 });
        using var map = JsonDocument.Parse(File.ReadAllText(House.Golden("convert", "full_sd15_keymap.json")));
        // Entries are LDM name: [part, diffusers name, diffusers shape, LDM shape].
        var published = map.RootElement.EnumerateObject().Select(entry => entry.Value)
            .Where(entry => !entry[1].GetString()!.EndsWith(".position_ids", StringComparison.Ordinal)) // a counter, nothing learnt
            .GroupBy(entry => entry[0].GetString()!)
            .ToDictionary(part => part.Key,
                part => part.Select(entry => $"{entry[1].GetString()} [{string.Join(", ", entry[2].EnumerateArray())}]")
                    .Order(StringComparer.Ordinal).ToArray());
        Assert.Equal(published["unet"], Names(unet));
        Assert.Equal(published["vae"], Names(vae));
        Assert.Equal(published["text_encoder"], Names(text));

        static string[] Names(TorchSharp.torch.nn.Module module) =>
            [.. module.state_dict().Select(pair => $"{pair.Key} [{string.Join(", ", pair.Value.shape)}]").Order(StringComparer.Ordinal)];
    }

    [Fact]
    public void Weights_that_do_not_fit_are_refused_by_name()
    {
        using var scope = NewDisposeScope();
        using var vae = new AutoencoderKL(TinyModel.Vae);
        vae.SavePretrained(_folder["vae"], ScalarType.Float32);
        var path = _folder["vae", "diffusion_pytorch_model.safetensors"];
        var weights = Safetensors.Load(path);

        var fewer = weights.Where(pair => pair.Key != "quant_conv.bias").ToDictionary();
        Assert.Contains("lacks 'quant_conv.bias'", Refusal(fewer));
        Assert.Contains("holds 'surplus'", Refusal(new(weights) { ["surplus"] = ones(1) }));
        Assert.Contains("shape [3]", Refusal(new(weights) { ["quant_conv.bias"] = ones(3) }));

        string Refusal(Dictionary<string, Tensor> changed)
        {
            Safetensors.Save(path, changed);
            return Assert.Throws<BadInputException>(() => AutoencoderKL.FromPretrained(_folder["vae"])).Message;
        }
    }

    [Fact]
    public void A_pickle_is_taken_where_there_is_nothing_else_and_a_damaged_one_is_named()
    {
        using var vae = new AutoencoderKL(TinyModel.Vae);
        vae.Config.Save(_folder["vae", "config.json"]);
        TorchFileWriter.Save(_folder["vae", "diffusion_pytorch_model.bin"],
            [.. vae.state_dict().Select(pair => new TensorToSave(pair.Key, pair.Value, ScalarType.Float16))],
            new Dictionary<string, string>());
        using var loaded = AutoencoderKL.FromPretrained(_folder["vae"], ScalarType.Float16);
        Assert.True(loaded.state_dict()["quant_conv.weight"].Equals(vae.state_dict()["quant_conv.weight"].to(ScalarType.Float16)));
        File.WriteAllText(_folder["vae", "diffusion_pytorch_model.bin"], "x");
        Assert.Contains("no checkpoint", Assert.Throws<BadInputException>(() => AutoencoderKL.FromPretrained(_folder["vae"])).Message);
    }

    [Fact]
    public void Shards_and_variants_are_found_by_their_names()
    {
        using var scope = NewDisposeScope();
        using var text = new CLIPTextModel(TinyModel.Text);
        text.Config.Save(_folder["config.json"]);
        var state = text.state_dict().ToList();
        foreach (var (file, part) in new[] { ("model-00001-of-00002.safetensors", state.Take(9)),
            ("model-00002-of-00002.safetensors", state.Skip(9)) })
            Safetensors.Save(_folder[file], part);
        var map = state.Select((pair, i) => $"\"{pair.Key}\": \"model-0000{(i < 9 ? 1 : 2)}-of-00002.safetensors\"");
        File.WriteAllText(_folder["model.safetensors.index.json"],
            $"{{\"metadata\": {{\"total_size\": 1}}, \"weight_map\": {{{string.Join(",", map)}}}}}");
        using (var sharded = CLIPTextModel.FromPretrained(_folder.Root))
            Assert.All(state, pair => Assert.True(sharded.state_dict()[pair.Key].Equals(pair.Value), pair.Key));

        // The variant is another set of weights: all zero here.
        Safetensors.Save(_folder["model.fp16.safetensors"],
            state.Select(pair => KeyValuePair.Create(pair.Key, zeros_like(pair.Value).to(ScalarType.Float16))));
        using (var variant = CLIPTextModel.FromPretrained(_folder.Root, variant: "fp16"))
            Assert.Equal(0, variant.parameters().Sum(parameter => parameter.abs().sum().item<float>()));
        Assert.Contains("model.bf16.safetensors",
            Assert.Throws<BadInputException>(() => CLIPTextModel.FromPretrained(_folder.Root, variant: "bf16")).Message);

        File.Delete(_folder["model.fp16.safetensors"]);
        File.Delete(_folder["model-00002-of-00002.safetensors"]);
        Assert.Contains("model-00002-of-00002", Assert.Throws<BadInputException>(() => CLIPTextModel.FromPretrained(_folder.Root)).Message);
        File.WriteAllText(_folder["model.safetensors.index.json"], """{"weight_map": {"a": "../../etc/passwd"}}""");
        Assert.Contains("no file beside it", Assert.Throws<BadInputException>(() => CLIPTextModel.FromPretrained(_folder.Root)).Message);
    }

    [Fact]
    public void Half_precision_on_disk_is_half_the_size_and_loads_as_asked()
    {
        using var text = new CLIPTextModel(TinyModel.Text);
        text.SavePretrained(_folder["full"], ScalarType.Float32);
        text.SavePretrained(_folder["half"], ScalarType.Float16);
        Assert.InRange(new FileInfo(_folder["half", "model.safetensors"]).Length / (double)new FileInfo(_folder["full",
            "model.safetensors"]).Length, 0.45, 0.55);
        using var loaded = CLIPTextModel.FromPretrained(_folder["half"]);
        Assert.All(loaded.parameters(), parameter => Assert.Equal(ScalarType.Float32, parameter.dtype));
    }

    [Fact]
    public void A_configuration_survives_saving_and_keeps_what_it_does_not_know()
    {
        var config = UNet2DConditionConfig.Parse("""
            {"_class_name": "UNet2DConditionModel", "sample_size": 96, "attention_head_dim": [5, 10, 20, 20], "num_attention_heads": null,
             "use_linear_projection": true, "cross_attention_dim": 1024, "only_cross_attention": false, "dropout": 0.0, "act_fn": "silu", "note": "kept"}
            """);
        config.Save(_folder["config.json"]);
        var again = UNet2DConditionConfig.Load(_folder["config.json"]);
        Assert.Equal(new[] { 5, 10, 20, 20 }, again.AttentionHeadDim);
        Assert.Equal((96, 1024, true), (again.SampleSize, again.CrossAttentionDim, again.UseLinearProjection));
        Assert.Contains("\"note\": \"kept\"", File.ReadAllText(_folder["config.json"]));
        Assert.Contains("\"_class_name\": \"UNet2DConditionModel\"", File.ReadAllText(_folder["config.json"]));
    }

    [Theory]
    [InlineData("""{"addition_embed_type": "text_time"}""", "addition_embed_type")]
    [InlineData("""{"down_block_types": ["AttnDownBlock2D"], "up_block_types": ["UpBlock2D"], "block_out_channels": [32]}""",
        "AttnDownBlock2D")]
    [InlineData("""{"block_out_channels": [320, 640]}""", "equally long")]
    [InlineData("""{"block_out_channels": [320, 640, 1280, 1281]}""", "1281")]
    [InlineData("""{"attention_head_dim": 7}""", "7 attention heads")]
    [InlineData("""{"attention_head_dim": "many"}""", "attention_head_dim")]
    [InlineData("""{"norm_num_groups": 0}""", "norm_num_groups")]
    [InlineData("""["no", "object"]""", "not the JSON")]
    public void What_the_UNet_does_not_have_is_refused_by_name(string json, string named)
    {
        var error = Assert.Throws<BadInputException>(() => new UNet2DConditionModel(UNet2DConditionConfig.Parse(json)));
        Assert.Contains(named, error.Message);
    }

    [Fact]
    public void Fresh_norms_change_nothing()
    {
        using var unet = new UNet2DConditionModel(TinyModel.UNet);
        foreach (var (name, parameter) in unet.named_parameters().Where(pair => pair.name.Contains("norm")))
            Assert.True(parameter.eq(name.EndsWith("weight") ? 1 : 0).all().item<bool>(), name);
    }

    [Fact]
    public void A_state_of_an_earlier_layer_is_normed_like_the_last()
    {
        using var scope = NewDisposeScope();
        using var text = new CLIPTextModel(TinyModel.Text);
        var output = text.call(arange(0, 10, ScalarType.Int64).view(1, 10));
        Assert.Equal(3, output.HiddenStates.Count);
        Assert.True(text.Skip(output, 1).Equals(output.LastHiddenState));
        Assert.False(text.Skip(output, 2).Equals(output.LastHiddenState));
        Assert.Throws<ArgumentOutOfRangeException>(() => text.Skip(output, 0));
    }

    [Fact]
    public void Too_many_tokens_are_refused()
    {
        using var text = new CLIPTextModel(TinyModel.Text);
        using var ids = zeros(1, 78, ScalarType.Int64);
        Assert.Contains("77", Assert.Throws<ArgumentException>(() => text.call(ids)).Message);
    }
}
