using NotebookKit.Images;
using NotebookKit.Models;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training;

/// <summary>A whole Stable Diffusion in the diffusers layout, random and so small that a training step takes milliseconds.</summary>
public sealed class TinyBase : IDisposable
{
    public TinyBase()
    {
        manual_seed(11);
        using var scope = NewDisposeScope();
        File.WriteAllText(Path.Combine(Folder, "model_index.json"), """
            {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.25.1",
             "scheduler": ["diffusers", "DDIMScheduler"], "text_encoder": ["transformers", "CLIPTextModel"],
             "tokenizer": ["transformers", "CLIPTokenizer"], "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]}
            """);
        WriteJson("scheduler", "scheduler_config.json", """{"_class_name": "DDIMScheduler", "num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "prediction_type": "epsilon", "steps_offset": 1, "set_alpha_to_one": false, "clip_sample": false}""");
        WriteJson("tokenizer", "tokenizer_config.json", """{"model_max_length": 77}""");
        using var unet = new UNet2DConditionModel(new UNet2DConditionConfig
        {
            SampleSize = 8,
            BlockOutChannels = [8, 16],
            DownBlockTypes = ["CrossAttnDownBlock2D", "DownBlock2D"],
            UpBlockTypes = ["UpBlock2D", "CrossAttnUpBlock2D"],
            LayersPerBlock = 1,
            NormNumGroups = 4,
            CrossAttentionDim = 8,
            AttentionHeadDim = 2,
        });
        unet.SavePretrained(Path.Combine(Folder, "unet"), ScalarType.Float32);
        using var vae = new AutoencoderKL(new AutoencoderKLConfig
        {
            BlockOutChannels = [4, 8],
            DownBlockTypes = ["DownEncoderBlock2D", "DownEncoderBlock2D"],
            UpBlockTypes = ["UpDecoderBlock2D", "UpDecoderBlock2D"],
            LayersPerBlock = 1,
            NormNumGroups = 2,
            SampleSize = 16,
        });
        vae.SavePretrained(Path.Combine(Folder, "vae"), ScalarType.Float32);
        using var text = new CLIPTextModel(new CLIPTextConfig { HiddenSize = 8, IntermediateSize = 16, NumHiddenLayers = 1, NumAttentionHeads = 2 });
        text.SavePretrained(Path.Combine(Folder, "text_encoder"), ScalarType.Float32);

        Directory.CreateDirectory(Pictures);
        for (var i = 0; i < 3; i++)
        {
            var image = new RgbImage(20, 24);
            for (var p = 0; p < image.Pixels.Length; p++)
                image.Pixels[p] = (byte)(((p * (i + 3)) + (40 * i)) % 251);
            image.SavePng(Path.Combine(Pictures, $"{i}.png"));
            File.WriteAllText(Path.Combine(Pictures, $"{i}.txt"), $"a zwx toy, view {i}\n");
        }
    }

    /// <summary>The base's folder.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("kit-tiny-base-").FullName;

    /// <summary>Three pictures with captions.</summary>
    public string Pictures => Path.Combine(Folder, "pictures");

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private void WriteJson(string part, string name, string json)
    {
        Directory.CreateDirectory(Path.Combine(Folder, part));
        File.WriteAllText(Path.Combine(Folder, part, name), json);
    }
}
