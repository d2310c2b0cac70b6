using NotebookKit.Models;

namespace NotebookKit.Lora;

/// <summary>The shape of Stable Diffusion 1.5, for what can be told without its weights.</summary>
public static class Sd15
{
    /// <summary>859,520,964 parameters.</summary>
    public static UNet2DConditionConfig UNet { get; } = new() { SampleSize = 64, CrossAttentionDim = 768 };

    /// <summary>123,060,480 parameters: the text half of CLIP ViT-L/14.</summary>
    public static CLIPTextConfig TextEncoder { get; } = new() { HiddenSize = 768, IntermediateSize = 3072, NumAttentionHeads = 12 };

    /// <summary>83,653,863 parameters.</summary>
    public static AutoencoderKLConfig Vae { get; } = new()
    {
        BlockOutChannels = [128, 256, 512, 512],
        DownBlockTypes = ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
        UpBlockTypes = ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"],
        LayersPerBlock = 2,
    };
}
