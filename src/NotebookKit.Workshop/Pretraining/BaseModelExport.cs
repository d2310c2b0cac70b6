using System.Text.Json;
using System.Text.Json.Nodes;
using NotebookKit.Checkpoints;
using NotebookKit.Models;
using NotebookKit.Text;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>Writes a trained model as a diffusers folder in float16, so that everything that reads Stable Diffusion reads it.</summary>
internal sealed class BaseModelExport : IDisposable
{
    private readonly CaptionTable _captions;
    private readonly AutoencoderKL _vae;
    private readonly CLIPTextModel _fullText;

    /// <summary>Prepares the parts that do not change from export to export.</summary>
    /// <param name="captions">Which token each trained row belongs to.</param>
    /// <param name="vae">The trained VAE, its configuration with the scaling factor.</param>
    /// <param name="fullText">A text encoder over the whole vocabulary: the rows of words that no caption uses stay as they are. Disposed
    /// with this.</param>
    public BaseModelExport(CaptionTable captions, AutoencoderKL vae, CLIPTextModel fullText)
    {
        this._captions = captions;
        this._vae = vae;
        this._fullText = fullText;
    }

    /// <summary>A text encoder over the whole vocabulary with random rows.</summary>
    /// <param name="preset">The sizes.</param>
    /// <param name="seed">Draws the rows.</param>
    public static CLIPTextModel FreshText(PretrainPreset preset, ulong seed)
    {
        var text = new CLIPTextModel(ModelShapes.Text(preset, ClipTokenizer.Default.VocabularySize, ClipTokenizer.Default.EosTokenId));
        using var noGrad = no_grad();
        using var generator = new Generator(ParallelTrainer.Mix(seed, "token table", 0) >> 1);
        var table = TokenTable(text);
        table.copy_(randn(table.shape, generator: generator).mul_(ModelShapes.TokenSpread));
        return text;
    }

    /// <summary>Writes the folder.</summary>
    /// <param name="folder">Where to; created when missing.</param>
    /// <param name="unet">The UNet.</param>
    /// <param name="text">The text encoder over the compact vocabulary.</param>
    public void Write(string folder, UNet2DConditionModel unet, CLIPTextModel text)
    {
        using var noGrad = no_grad();
        using (NewDisposeScope())
        {
            var from = text.state_dict();
            foreach (var (name, value) in _fullText.state_dict())
            {
                if (name.EndsWith("token_embedding.weight", StringComparison.Ordinal))
                    value.index_copy_(0, tensor([.. _captions.Tokens.Select(t => (long)t)], dtype: ScalarType.Int64), from[name].cpu());
                else
                    value.copy_(from[name]);
            }
        }
        unet.SavePretrained(Path.Combine(folder, "unet"), ScalarType.Float16);
        _vae.SavePretrained(Path.Combine(folder, "vae"), ScalarType.Float16);
        _fullText.SavePretrained(Path.Combine(folder, "text_encoder"), ScalarType.Float16);
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(ClipVocabulary.FindShipped())!))
            AtomicFile.WriteText(Path.Combine(folder, "tokenizer", Path.GetFileName(file)), File.ReadAllText(file));
        WriteJson(folder, "scheduler/scheduler_config.json", new JsonObject
        {
            ["_class_name"] = "DDIMScheduler",
            ["_diffusers_version"] = "0.25.1",
            ["num_train_timesteps"] = 1000,
            ["beta_start"] = 0.00085,
            ["beta_end"] = 0.012,
            ["beta_schedule"] = "scaled_linear",
            ["prediction_type"] = "epsilon",
            ["clip_sample"] = false,
            ["set_alpha_to_one"] = false,
            ["steps_offset"] = 1,
            ["timestep_spacing"] = "leading",
        });
        WriteJson(folder, "model_index.json", new JsonObject
        {
            ["_class_name"] = "StableDiffusionPipeline",
            ["_diffusers_version"] = "0.25.1",
            ["feature_extractor"] = new JsonArray(null, null),
            ["requires_safety_checker"] = false,
            ["safety_checker"] = new JsonArray(null, null),
            ["scheduler"] = new JsonArray("diffusers", "DDIMScheduler"),
            ["text_encoder"] = new JsonArray("transformers", "CLIPTextModel"),
            ["tokenizer"] = new JsonArray("transformers", "CLIPTokenizer"),
            ["unet"] = new JsonArray("diffusers", "UNet2DConditionModel"),
            ["vae"] = new JsonArray("diffusers", "AutoencoderKL"),
        });
    }

    /// <summary>Writes the model card.</summary>
    public static void WriteCard(string folder, string card) => AtomicFile.WriteText(Path.Combine(folder, "README.md"), card);

    /// <summary>Bytes of the three weight files of an exported folder.</summary>
    public static long WeightBytes(string folder) =>
        new[] { "unet", "vae", "text_encoder" }.SelectMany(p => Directory.EnumerateFiles(Path.Combine(folder, p), "*.safetensors"))
            .Sum(f => new FileInfo(f).Length);

    private static Tensor TokenTable(CLIPTextModel text) =>
        text.named_parameters().First(p => p.name.EndsWith("token_embedding.weight", StringComparison.Ordinal)).parameter;

    private static void WriteJson(string folder, string name, JsonObject content) =>
        AtomicFile.WriteText(Path.Combine(folder, name),
            content.ToJsonString(new JsonSerializerOptions
            {
                WriteIndented = true,
                Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping
            }) + "\n");

    /// <inheritdoc/>
    public void Dispose() => _fullText.Dispose();
}
