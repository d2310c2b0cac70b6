using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using NotebookKit.Checkpoints;
using NotebookKit.Models;
using NotebookKit.Pipeline.Ldm;
using NotebookKit.Schedulers;
using NotebookKit.Text;
using static TorchSharp.torch;

namespace NotebookKit.Pipeline;

/// <summary>The folder layout of diffusers' <c>StableDiffusionPipeline</c>.</summary>
internal static class StableDiffusionFolder
{
    private static readonly string[] Parts =
        ["model_index.json", "unet/config.json", "vae/config.json", "text_encoder/config.json", "scheduler/scheduler_config.json"];

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static StableDiffusion Load(string folder, Device? device, ScalarType dtype, string? variant)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (!Directory.Exists(folder))
            throw new BadInputException($"{folder} is not a folder; name one that holds a Stable Diffusion model in the diffusers layout.");
        RefuseOtherKinds(folder);
        if (Parts.FirstOrDefault(part => !File.Exists(Path.Combine(folder, part))) is { } missing)
            throw new BadInputException($"{folder} is not a whole Stable Diffusion model: it lacks {missing}. Download that part into it.");

        var scheduler = SchedulerConfig.Load(Path.Combine(folder, "scheduler", "scheduler_config.json"));
        var tokenizer = ClipTokenizer.Load(Path.Combine(folder, "tokenizer"));
        return ModelAssembly.Load(
            () => CLIPTextModel.FromPretrained(Path.Combine(folder, "text_encoder"), dtype, device, variant),
            () => UNet2DConditionModel.FromPretrained(Path.Combine(folder, "unet"), dtype, device, variant),
            () => AutoencoderKL.FromPretrained(Path.Combine(folder, "vae"), dtype, device, variant),
            tokenizer, scheduler, folder);
    }

    // By name, and before gigabytes are read.
    private static void RefuseOtherKinds(string folder)
    {
        var (index, unet) = (Path.Combine(folder, "model_index.json"), Path.Combine(folder, "unet", "config.json"));
        var kind = File.Exists(index) ? CheckpointKinds.OfPipeline(ConfigFile.Load<ModelIndex>(index).ClassName) : null;
        if (kind is null && File.Exists(unet))
            kind = CheckpointKinds.OfChannels(ConfigFile.Load<Channels>(unet).InChannels);
        if (kind is { } other)
            throw new BadInputException($"{folder} is {other.InWords()}, which does not load as a base model; give a Stable Diffusion 1.x "
                + "or 2.x model that draws from text.");
    }

    public static void Save(StableDiffusion model, string folder, ScalarType dtype)
    {
        model.TextEncoder.SavePretrained(Path.Combine(folder, "text_encoder"), dtype);
        model.UNet.SavePretrained(Path.Combine(folder, "unet"), dtype);
        model.Vae.SavePretrained(Path.Combine(folder, "vae"), dtype);
        model.SchedulerConfig.Save(Path.Combine(folder, "scheduler", "scheduler_config.json"));
        SaveTokenizer(model, folder);
        // Last, so that a folder that was not finished does not pass for a model.
        AtomicFile.WriteText(Path.Combine(folder, "model_index.json"), Index().ToJsonString(Indented) + "\n");
    }

    // The source folder's files as they are; for a model made in memory, CLIP's vocabulary and which token pads.
    private static void SaveTokenizer(StableDiffusion model, string folder)
    {
        var (source, target) = (Path.Combine(model.Folder, "tokenizer"), Path.Combine(folder, "tokenizer"));
        if (model.Folder.Length > 0 && Directory.Exists(source))
        {
            foreach (var file in Directory.GetFiles(source)
                .Where(file => Path.GetFullPath(file) != Path.GetFullPath(Path.Combine(target, Path.GetFileName(file)))))
                AtomicFile.Write(Path.Combine(target, Path.GetFileName(file)), stream => stream.Write(File.ReadAllBytes(file)));
            return;
        }

        foreach (var file in (string[])["merges.txt", "vocab.json", "LICENSE"])
            AtomicFile.Write(Path.Combine(target, file),
                stream => stream.Write(File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(ClipVocabulary.FindShipped())!, file))));
        var config = new JsonObject
        {
            ["tokenizer_class"] = "CLIPTokenizer",
            ["model_max_length"] = ClipTokenizer.ModelMaxLength,
            ["pad_token"] = model.Tokenizer.TokenOf(model.Tokenizer.PadTokenId),
        };
        AtomicFile.WriteText(Path.Combine(target, "tokenizer_config.json"), config.ToJsonString(Indented) + "\n");
    }

    private static JsonObject Index() => new()
    {
        ["_class_name"] = "StableDiffusionPipeline",
        ["_diffusers_version"] = "0.25.1",
        ["feature_extractor"] = new JsonArray(null, null),
        ["requires_safety_checker"] = false,
        ["safety_checker"] = new JsonArray(null, null),
        ["scheduler"] = new JsonArray("diffusers", nameof(DDIMScheduler)),
        ["text_encoder"] = new JsonArray("transformers", nameof(CLIPTextModel)),
        ["tokenizer"] = new JsonArray("transformers", "CLIPTokenizer"),
        ["unet"] = new JsonArray("diffusers", nameof(UNet2DConditionModel)),
        ["vae"] = new JsonArray("diffusers", nameof(AutoencoderKL)),
    };

    private sealed record ModelIndex
    {
        [JsonPropertyName("_class_name")]
        public string? ClassName { get; init; }
    }

    private sealed record Channels
    {
        public int InChannels { get; init; } = 4;
    }
}
