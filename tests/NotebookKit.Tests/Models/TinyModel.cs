using NotebookKit.Models;
using NotebookKit.Pipeline;
using NotebookKit.Schedulers;
using NotebookKit.Text;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Models;

/// <summary>A whole Stable Diffusion with random weights that draws 16×16 pixels in milliseconds.</summary>
internal static class TinyModel
{
    public static UNet2DConditionConfig UNet { get; } = new()
    {
        SampleSize = 8,
        BlockOutChannels = [8, 16],
        DownBlockTypes = ["CrossAttnDownBlock2D", "DownBlock2D"],
        UpBlockTypes = ["UpBlock2D", "CrossAttnUpBlock2D"],
        LayersPerBlock = 1,
        NormNumGroups = 4,
        CrossAttentionDim = 16,
        AttentionHeadDim = 2,
    };

    public static AutoencoderKLConfig Vae { get; } = new()
    {
        BlockOutChannels = [8, 8],
        DownBlockTypes = ["DownEncoderBlock2D", "DownEncoderBlock2D"],
        UpBlockTypes = ["UpDecoderBlock2D", "UpDecoderBlock2D"],
        LayersPerBlock = 1,
        NormNumGroups = 4,
    };

    public static CLIPTextConfig Text { get; } = new()
    {
        HiddenSize = 16,
        IntermediateSize = 32,
        NumHiddenLayers = 2,
        NumAttentionHeads = 2
    };

    public static StableDiffusion Create()
    {
        manual_seed(1);
        return new StableDiffusion(
            new UNet2DConditionModel(UNet), new AutoencoderKL(Vae), new CLIPTextModel(Text), ClipTokenizer.Default, new SchedulerConfig());
    }
}
