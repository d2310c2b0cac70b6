using System.Text.Json;
using NotebookKit.Checkpoints;
using NotebookKit.Models;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Lora;

/// <summary>The tiny UNet and text encoder that the reference LoRAs were made for.</summary>
internal static class GoldenBase
{
    public static UNet2DConditionModel UNet() =>
        WithWeights(new UNet2DConditionModel(UNet2DConditionConfig.Parse(ConfigOf("unet", "sd15_tiny"))),
            House.Golden("unet", "sd15_tiny.weights.safetensors"));

    public static CLIPTextModel TextEncoder() =>
        WithWeights(new CLIPTextModel(CLIPTextConfig.Parse(ConfigOf("clip", "clip_tiny"))),
            House.Golden("clip", "clip_tiny.weights.safetensors"));

    public static Dictionary<string, Tensor> Load(params string[] path) => Safetensors.Load(House.Golden(path));

    private static string ConfigOf(string area, string name)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllText(House.Golden(area, "manifest.json")));
        return manifest.RootElement.GetProperty("cases").EnumerateArray().First(c => c.GetProperty("name").GetString() == name)
            .GetProperty("config").GetRawText();
    }

    private static T WithWeights<T>(T model, string path)
        where T : nn.Module
    {
        PretrainedWeights.Fill(model, path);
        return model;
    }
}
