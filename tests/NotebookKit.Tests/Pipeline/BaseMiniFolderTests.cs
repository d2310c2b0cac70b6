using System.Runtime.InteropServices;
using System.Text.Json;
using NotebookKit.Checkpoints;
using NotebookKit.Models;
using NotebookKit.Pipeline;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Pipeline;

/// <summary><c>data/base-mini</c> is what <c>StableDiffusionPipeline.from_pretrained</c> takes, and one file of it draws the
/// same.</summary>
public sealed class BaseMiniFolderTests
{
    private static readonly string Folder = Path.Combine(House.Root, "data", "base-mini");

    // The parameters of the constructors in diffusers 0.25 (models/autoencoder_kl.py, models/unet_2d_condition.py) and transformers 4.36,
    // as far as Stable Diffusion sets them.
    private static readonly string[] VaeFields =
    [
        "in_channels", "out_channels", "down_block_types", "up_block_types", "block_out_channels", "layers_per_block", "act_fn",
        "latent_channels",
        "norm_num_groups", "sample_size", "scaling_factor", "force_upcast",
    ];

    private static readonly string[] UNetFields =
    [
        "sample_size", "in_channels", "out_channels", "center_input_sample", "flip_sin_to_cos", "freq_shift", "down_block_types",
        "mid_block_type",
        "up_block_types", "only_cross_attention", "block_out_channels", "layers_per_block", "downsample_padding", "mid_block_scale_factor",
        "act_fn",
        "norm_num_groups", "norm_eps", "cross_attention_dim", "transformer_layers_per_block", "attention_head_dim", "use_linear_projection",
        "upcast_attention",
    ];

    private static readonly string[] TextFields =
    [
        "architectures", "model_type", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
        "max_position_embeddings",
        "hidden_act", "layer_norm_eps", "attention_dropout", "bos_token_id", "eos_token_id", "pad_token_id",
    ];

    [Fact]
    public void Every_tensor_has_the_name_and_the_shape_that_diffusers_and_transformers_give_it()
    {
        var unet = UNet2DConditionConfig.Load(Path.Combine(Folder, "unet", "config.json"));
        Equal(StockShapes.Of(AutoencoderKLConfig.Load(Path.Combine(Folder, "vae", "config.json"))),
            "vae/diffusion_pytorch_model.safetensors");
        Equal(StockShapes.Of(unet, layers: 1), "unet/diffusion_pytorch_model.safetensors");
        Equal(StockShapes.Of(CLIPTextConfig.Load(Path.Combine(Folder, "text_encoder", "config.json"))), "text_encoder/model.safetensors");

        static void Equal(IReadOnlyDictionary<string, string> stock, string file)
        {
            using var weights = WeightFile.Open(Path.Combine(Folder, file));
            Assert.Equal(stock.OrderBy(pair => pair.Key, StringComparer.Ordinal),
                weights.Weights.ToDictionary(pair => pair.Key, pair => string.Join(',', pair.Value.Shape)).OrderBy(pair => pair.Key,
                    StringComparer.Ordinal));
            Assert.Equal("pt", Safetensors.ReadMetadata(Path.Combine(Folder, file))["format"]); // transformers refuses a file without
        }
    }

    [Fact]
    public void The_configurations_hold_no_field_that_diffusers_or_transformers_does_not_know()
    {
        Known("vae/config.json", VaeFields);
        Known("unet/config.json", UNetFields);
        Known("text_encoder/config.json", TextFields);

        static void Known(string file, string[] fields) =>
            Assert.Empty(Json(file).EnumerateObject().Select(field => field.Name).Where(name => !name.StartsWith('_')).Except(fields));
    }

    [Fact]
    public void The_index_names_every_part_and_says_that_nothing_else_is_needed()
    {
        var index = Json("model_index.json");
        Assert.Equal("StableDiffusionPipeline", index.GetProperty("_class_name").GetString());
        Assert.False(index.GetProperty("requires_safety_checker").GetBoolean());
        foreach (var (part, library, kind, file) in new[]
        {
            ("vae", "diffusers", "AutoencoderKL", "config.json"), ("unet", "diffusers", "UNet2DConditionModel", "config.json"),
            ("scheduler", "diffusers", "DDIMScheduler", "scheduler_config.json"),
            ("text_encoder", "transformers", "CLIPTextModel", "config.json"),
            ("tokenizer", "transformers", "CLIPTokenizer", "vocab.json"),
        })
        {
            Assert.Equal([library, kind], index.GetProperty(part).EnumerateArray().Select(word => word.GetString()!));
            Assert.True(File.Exists(Path.Combine(Folder, part, file)), $"{part}/{file}");
        }

        foreach (var absent in new[] { "feature_extractor", "safety_checker" })
            Assert.All(index.GetProperty(absent).EnumerateArray(), word => Assert.Equal(JsonValueKind.Null, word.ValueKind));
        foreach (var file in new[] { "merges.txt", "tokenizer_config.json", "special_tokens_map.json" })
            Assert.True(File.Exists(Path.Combine(Folder, "tokenizer", file)), file);
    }

    [Fact]
    public void One_file_of_it_draws_the_same_picture()
    {
        using var folder = new TemporaryFolder();
        var options = new SampleOptions { Prompt = "a photo of a red rabbit toy on the grass", Steps = 6, GuidanceScale = 3, Seed = 5 };
        using var model = StableDiffusion.Load(Folder);
        model.Save(folder["base-mini.safetensors"], ScalarType.Float16);
        using var one = StableDiffusion.Load(folder["base-mini.safetensors"]);
        Assert.Equal(model.Sample(options)[0].Pixels.ToArray(), one.Sample(options)[0].Pixels.ToArray());
    }

    [Fact]
    public void Diffusers_loads_it_without_arguments_or_warnings_and_draws_the_same_to_two_grey_levels()
    {
        const string Draw = """
            import sys, torch
            from diffusers import StableDiffusionPipeline
            from diffusers.utils import logging
            logging.disable_progress_bar()
            pipe = StableDiffusionPipeline.from_pretrained(sys.argv[1])
            pipe.set_progress_bar_config(disable=True)
            latents = torch.frombuffer(bytearray(open(sys.argv[2], "rb").read()), dtype=torch.float32).reshape(1, 4, 16, 16)
            picture = pipe(sys.argv[3], latents=latents, num_inference_steps=15, guidance_scale=3.0).images[0]
            print(picture.convert("RGB").tobytes().hex())
            """;
        using var folder = new TemporaryFolder();
        using var generator = new Generator(5, CPU);
        var latents = randn([1, 4, 16, 16], ScalarType.Float32, CPU, generator: generator); // as Sampler draws them
        File.WriteAllBytes(folder["latents.bin"], MemoryMarshal.AsBytes(latents.data<float>().ToArray().AsSpan()).ToArray());
        foreach (var prompt in new[] { "a photo of a red rabbit toy on the grass", "oil painting of a blue house in style of van gogh",
            "pencil sketch of a cat" })
        {
            var drawn = Python.Run(Draw, Folder, folder["latents.bin"], prompt);
            Assert.SkipWhen(drawn is null, "no python3 on this machine has PyTorch and diffusers");
            Assert.DoesNotContain(drawn.Value.Error.Split('\n'),
                line => line.Contains("warn", StringComparison.OrdinalIgnoreCase)
                    || line.Contains("deprecat", StringComparison.OrdinalIgnoreCase)
                    || line.Contains("not used", StringComparison.OrdinalIgnoreCase));
            using var model = StableDiffusion.Load(Folder);
            var ours = model.Sample(new SampleOptions { Prompt = prompt, Steps = 15, GuidanceScale = 3, Seed = 5 })[0].Pixels.ToArray();
            var theirs = Convert.FromHexString(drawn.Value.Output.Trim());
            Assert.InRange(ours.Zip(theirs, (a, b) => Math.Abs(a - b)).Max(), 0, 2);
        }
    }

    private static JsonElement Json(string file) => JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, file))).RootElement;
}
