using System.Text.Json;
using NotebookKit.Checkpoints;
using NotebookKit.Checkpoints.Pickle;
using NotebookKit.Checkpoints.Zip;
using NotebookKit.Inspection;
using NotebookKit.Models;
using NotebookKit.Pipeline;
using NotebookKit.Pipeline.Ldm;
using NotebookKit.Schedulers;
using NotebookKit.Tensors;
using NotebookKit.Tests.Models;
using NotebookKit.Text;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Pipeline.Ldm;

public sealed class LdmCheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly IDisposable _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("model.ckpt")]
    public void A_model_written_as_one_file_comes_back_the_same(string name)
    {
        using var model = TinyModel.Create();
        model.Save(_folder[name], ScalarType.Float32);
        using var loaded = StableDiffusion.Load(_folder[name]);
        AssertSame(model, loaded);
        Assert.Equal(model.UNet.Config.AttentionHeadDim, loaded.UNet.Config.AttentionHeadDim);
        Assert.Equal(model.Tokenizer.PadTokenId, loaded.Tokenizer.PadTokenId);
        Assert.Equal(("model", 10), (loaded.Name, loaded.Hash!.Length));
    }

    [Fact]
    public void Stable_Diffusion_2_keeps_its_text_encoder_s_one_matrix_and_its_way_of_predicting()
    {
        manual_seed(2);
        using var model = new StableDiffusion(
            new UNet2DConditionModel(TinyModel.UNet with { UseLinearProjection = true, CrossAttentionDim = 64 }),
            new AutoencoderKL(TinyModel.Vae),
            new CLIPTextModel(TinyModel.Text with { HiddenSize = 64, HiddenAct = "gelu", NumAttentionHeads = 1 }),
            new ClipTokenizer(ClipTokenizer.Default.Vocabulary, "!"), new SchedulerConfig { PredictionType = "v_prediction" });
        model.Save(_folder["sd2.safetensors"], ScalarType.Float32);
        using (var file = WeightFile.Open(_folder["sd2.safetensors"]))
        {
            Assert.Equal(CheckpointKind.StableDiffusion2, CheckpointKinds.Of(file));
            Assert.Equal(new long[] { 192, 64 }, file.Weights["cond_stage_model.model.transformer.resblocks.0.attn.in_proj_weight"].Shape);
        }

        using var loaded = StableDiffusion.Load(_folder["sd2.safetensors"]);
        AssertSame(model, loaded);
        Assert.Equal(("v_prediction", 0), (loaded.SchedulerConfig.PredictionType, loaded.Tokenizer.PadTokenId));
    }

    [Fact]
    public void The_names_and_shapes_are_those_of_the_published_Stable_Diffusion_1_5()
    {
        using var skip = Layers.Uninitialised(); // memory that nobody touches costs nothing
        using var model = new StableDiffusion(
            new UNet2DConditionModel(new UNet2DConditionConfig { CrossAttentionDim = 768 }), new AutoencoderKL(new AutoencoderKLConfig()),
            new CLIPTextModel(new CLIPTextConfig { HiddenSize = 768, IntermediateSize = 3072, NumAttentionHeads = 12 }),
            ClipTokenizer.Default, new SchedulerConfig());
        var expected = JsonDocument.Parse(File.ReadAllText(House.Golden("convert", "full_sd15_ldm_keys.json"))).RootElement
            .EnumerateObject().ToDictionary(entry => entry.Name,
                entry => string.Join(',', entry.Value.EnumerateArray().Select(size => size.GetInt64())));
        var actual = LdmWriter.Tensors(model, ScalarType.Float16).ToDictionary(item => item.Name, item => string.Join(',', item.Shape));
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        Assert.All(expected, pair => Assert.Equal(pair.Value, actual[pair.Key]));
    }

    [Fact]
    public void The_schedule_s_tables_are_those_of_CompVis()
    {
        var published = Safetensors.Load(House.Golden("convert", "tiny_ldm.safetensors"));
        foreach (var table in ScheduleBuffers.Of(new SchedulerConfig()))
            Assert.True(table.Value.allclose(published[table.Name], rtol: 1e-5, atol: 1e-7), table.Name);
    }

    [Fact]
    public void Old_names_damaged_positions_and_a_state_dict_wrapped_twice_are_read()
    {
        using var model = TinyModel.Create();
        var tensors = LdmWriter.Tensors(model, ScalarType.Float16).Select(item => item.Name switch
        {
            var name when name.EndsWith("position_ids") => new TensorToSave(name.Replace("text_model.", ""), ones(1, 77) * 40.3f,
                ScalarType.Float16),
            var name when name.StartsWith("cond_stage_model") => item with { Name = name.Replace("text_model.", "") },
            _ => item,
        }).ToList();
        WriteWrappedTwice(_folder["old.ckpt"], tensors, LdmConfigs.ToMetadata(model));
        using var checkpoint = LdmCheckpoint.Open(_folder["old.ckpt"]);
        Assert.Equal(12, checkpoint.Unmatched.Count);
        Assert.Equal(Enumerable.Range(0, 77).Select(i => (long)i),
            checkpoint.TextEncoder.Read("text_model.embeddings.position_ids").data<long>().ToArray());
        using var loaded = StableDiffusion.Load(_folder["old.ckpt"]);
        Assert.True(model.TextEncoder.state_dict()["text_model.encoder.layers.1.mlp.fc1.weight"].to(ScalarType.Float16)
            .to(ScalarType.Float32)
            .Equals(loaded.TextEncoder.state_dict()["text_model.encoder.layers.1.mlp.fc1.weight"]));
    }

    [Fact]
    public void A_VAE_beside_the_file_is_taken_and_a_missing_one_is_named()
    {
        using var model = TinyModel.Create();
        var tensors = LdmWriter.Tensors(model, ScalarType.Float32).ToList();
        Safetensors.Save(_folder["novae.safetensors"], tensors.Where(item => !item.Name.StartsWith("first_stage_model.")),
            LdmConfigs.ToMetadata(model));
        Assert.Contains("novae.vae.safetensors",
            Assert.Throws<BadInputException>(() => StableDiffusion.Load(_folder["novae.safetensors"])).Message);

        // A VAE of its own has bare names and the leftovers of its training.
        var vae = tensors.Where(item => item.Name.StartsWith("first_stage_model."))
            .Select(item => item with { Name = item.Name["first_stage_model.".Length..] });
        TorchFileWriter.Save(_folder["novae.vae.pt"], [.. vae, new TensorToSave("loss.logvar", zeros(1), ScalarType.Float32)],
            new Dictionary<string, string>());
        using var checkpoint = LdmCheckpoint.Open(_folder["novae.safetensors"]);
        Assert.Equal((_folder["novae.vae.pt"], null), (checkpoint.VaePath, checkpoint.Missing));
        Assert.True(checkpoint.Vae.Read("quant_conv.weight").Equals(model.Vae.state_dict()["quant_conv.weight"]));
    }

    [Theory]
    [InlineData(9, "inpainting")]
    [InlineData(8, "InstructPix2Pix")]
    [InlineData(5, "depth")]
    public void A_UNet_that_takes_more_than_latents_is_refused_by_its_kind(int channels, string named)
    {
        Safetensors.Save(_folder["other.safetensors"],
            new Dictionary<string, Tensor> { ["model.diffusion_model.input_blocks.0.0.weight"] = zeros(8, channels, 3, 3) });
        Assert.Contains(named, Assert.Throws<BadInputException>(() => StableDiffusion.Load(_folder["other.safetensors"])).Message);
    }

    [Fact]
    public void A_LoRA_in_a_model_s_place_is_called_one()
    {
        Safetensors.Save(_folder["lora.safetensors"], new Dictionary<string, Tensor> { ["lora_unet_x.lora_up.weight"] = zeros(8, 4) });
        Assert.Contains("a LoRA", Assert.Throws<BadInputException>(() => StableDiffusion.Load(_folder["lora.safetensors"])).Message);
    }

    [Fact]
    public void Averaged_weights_are_taken_when_asked_for_and_only_whole()
    {
        using var plain = LdmCheckpoint.Open(House.Golden("convert", "tiny_ldm.fp16_ema.ckpt"));
        using var averaged = LdmCheckpoint.Open(House.Golden("convert", "tiny_ldm.fp16_ema.ckpt"), useEma: true);
        Assert.Equal(plain.UNet.Weights.Keys, averaged.UNet.Weights.Keys);
        Assert.False(plain.UNet.Read("conv_in.weight").Equals(averaged.UNet.Read("conv_in.weight")));
        Assert.Contains("for 0 of",
            Assert.Throws<BadInputException>(() =>
                LdmCheckpoint.Open(House.Golden("convert", "tiny_ldm.safetensors"), useEma: true)).Message);
    }

    [Theory]
    [InlineData(24, 23)] // OpenCLIP's own: the last layer is not used
    [InlineData(23, 23)] // written from diffusers' form, which has not got it
    public void The_text_encoder_of_SD_2_has_23_layers(int stored, int used)
    {
        var shapes = new LdmShapes("x.ckpt", name => name["cond_stage_model.model.".Length..] switch
        {
            "token_embedding.weight" => [49408, 1024],
            "positional_embedding" => [77, 1024],
            _ when Enumerable.Range(0, stored).Any(i => name.EndsWith($"resblocks.{i}.mlp.c_fc.weight")) => [4096, 1024],
            _ => null,
        });
        var text = shapes.OpenClip();
        Assert.Equal((used, 16, "gelu"), (text.NumHiddenLayers, text.NumAttentionHeads, text.HiddenAct));
    }

    [Fact]
    public void A_UNet_that_is_there_only_as_its_averaged_copy_is_loaded_from_that()
    {
        using var model = TinyModel.Create();
        foreach (var prefix in (string[])["model_ema.diffusion_model", "model_ema."])
        {
            var tensors = LdmWriter.Tensors(model, ScalarType.Float32).Select(item => item.Name.StartsWith("model.diffusion_model.")
                ? item with { Name = prefix + item.Name["model.diffusion_model.".Length..].Replace(".", "") } : item).ToList();
            Safetensors.Save(_folder["ema.safetensors"], tensors, LdmConfigs.ToMetadata(model));
            using var loaded = StableDiffusion.Load(_folder["ema.safetensors"]);
            AssertSame(model, loaded);
            Assert.Contains(FileInspector.Inspect(_folder["ema.safetensors"]).Findings,
                finding => finding.What.Contains("only as its averaged", StringComparison.Ordinal));

            Safetensors.Save(_folder["less.safetensors"], tensors.Where(item => !item.Name.EndsWith("time_embed0weight")),
                LdmConfigs.ToMetadata(model));
            Assert.Contains("time_embedding.linear_1.weight",
                Assert.Throws<BadInputException>(() => StableDiffusion.Load(_folder["less.safetensors"])).Message);
        }
    }

    private static void AssertSame(StableDiffusion expected, StableDiffusion actual)
    {
        foreach (var (one, other) in new (nn.Module, nn.Module)[] { (expected.UNet, actual.UNet), (expected.Vae, actual.Vae),
            (expected.TextEncoder, actual.TextEncoder) })
        {
            var state = other.state_dict();
            Assert.All(one.state_dict(), pair => Assert.True(pair.Value.Equals(state[pair.Key]), pair.Key));
        }
    }

    private static void WriteWrappedTwice(string path, List<TensorToSave> tensors, Dictionary<string, string> metadata)
    {
        var pickle = new PickleWriter();
        pickle.BeginDictionary();
        foreach (var (key, value) in metadata)
        {
            pickle.Text(key);
            pickle.Text(value);
        }

        pickle.Text("state_dict");
        pickle.BeginDictionary();
        pickle.Text("state_dict");
        pickle.BeginDictionary();
        for (var i = 0; i < tensors.Count; i++)
        {
            pickle.Text(tensors[i].Name);
            pickle.Tensor($"{i}", tensors[i].DType, tensors[i].Shape);
        }

        for (var i = 0; i < 3; i++)
            pickle.EndDictionary();
        var bytes = pickle.Finish();
        using var output = File.Create(path);
        var zip = new ZipWriter(output);
        zip.Add("x/data.pkl", bytes.Length, stream => stream.Write(bytes));
        for (var i = 0; i < tensors.Count; i++)
            zip.Add($"x/data/{i}", tensors[i].ByteCount, tensors[i].Write);
        zip.Finish();
    }
}
