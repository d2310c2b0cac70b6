using NotebookKit.Checkpoints;
using NotebookKit.Evaluation;
using NotebookKit.Images;
using NotebookKit.Models;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Models;

public sealed class CLIPVisionModelTests
{
    private const string Shape = """
        "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 32, "patch_size": 8
        """;

    [Fact]
    public void A_whole_clip_gives_its_image_encoder_with_projection()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        Write(folder.Root, $$"""{"projection_dim": 12, "vision_config": { {{Shape}} } }""", projection: true,
            extra: ("text_model.final_layer_norm.weight", ones(16)));
        var model = CLIPVisionModel.FromPretrained(folder.Root);
        Assert.Equal([2, 12], model.call(zeros(2, 3, 32, 32)).shape);
        Assert.Contains("vision_model.pre_layrnorm.weight", model.state_dict().Keys);
        Assert.Contains("vision_model.encoder.layers.1.self_attn.q_proj.bias", model.state_dict().Keys);
        using var judge = new ClipImageEmbedder(folder.Root);
        var vectors = judge.Embed([new RgbImage(50, 40), new RgbImage(20, 60)]);
        Assert.Equal(1, vectors[0].pow(2).sum().item<float>(), Rounding.Of(2 * 12, 1));
    }

    [Fact]
    public void Every_patch_is_seen_by_the_pooled_state()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        Write(folder.Root, $$"""{ {{Shape}} }""", projection: false, extra: null);
        var model = CLIPVisionModel.FromPretrained(folder.Root);
        var plain = zeros(1, 3, 32, 32);
        var before = model.call(plain);
        for (var corner = 0; corner < 4; corner++)
        {
            var changed = zeros(1, 3, 32, 32);
            changed.narrow(2, corner / 2 * 24, 8).narrow(3, corner % 2 * 24, 8).fill_(1);
            Assert.True((model.call(changed) - before).abs().max().item<float>() > 1e-4, $"corner {corner}");
        }
    }

    [Fact]
    public void A_file_of_something_else_is_bad_input()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        File.WriteAllText(Path.Combine(folder.Root, "config.json"), $$"""{ {{Shape}} }""");
        Safetensors.Save(Path.Combine(folder.Root, "model.safetensors"), [new("text_model.x", ones(2))]);
        Assert.Contains("CLIPVisionModel", Assert.Throws<BadInputException>(() => CLIPVisionModel.FromPretrained(folder.Root)).Message);
    }

    private static void Write(string folder, string config, bool projection, (string Name, Tensor Value)? extra)
    {
        File.WriteAllText(Path.Combine(folder, "config.json"), config);
        manual_seed(3);
        var tensors = new CLIPVisionModel(CLIPVisionConfig.Load(Path.Combine(folder, "config.json")), projection).state_dict();
        if (extra is { } more)
            tensors[more.Name] = more.Value;
        Safetensors.Save(Path.Combine(folder, "model.safetensors"), tensors);
    }
}
