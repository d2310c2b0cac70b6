using NotebookKit.Models;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>The configurations of a preset's three networks, in diffusers' fields, and how their weights are first drawn where torch's
/// default is wrong.</summary>
internal static class ModelShapes
{
    /// <summary>Standard deviation of fresh token rows: rows of unknown words keep it, so it must not be lost beside trained
    /// rows.</summary>
    public const double TokenSpread = 0.1;

    private const double PositionSpread = 0.02;

    /// <summary>The VAE: Stable Diffusion's in small.</summary>
    public static AutoencoderKLConfig Vae(PretrainPreset preset, double scalingFactor) => new()
    {
        SampleSize = preset.PictureSize,
        BlockOutChannels = preset.VaeChannels,
        DownBlockTypes = [.. preset.VaeChannels.Select(_ => "DownEncoderBlock2D")],
        UpBlockTypes = [.. preset.VaeChannels.Select(_ => "UpDecoderBlock2D")],
        LayersPerBlock = 1,
        NormNumGroups = preset.VaeNormGroups,
        ScalingFactor = scalingFactor,
    };

    /// <summary>The UNet: Stable Diffusion's in small, without cross-attention at the finest level.</summary>
    public static UNet2DConditionConfig UNet(PretrainPreset preset) => new()
    {
        SampleSize = preset.PictureSize >> (preset.VaeChannels.Length - 1),
        BlockOutChannels = preset.UNetChannels,
        DownBlockTypes = ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        UpBlockTypes = ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
        LayersPerBlock = 1,
        CrossAttentionDim = preset.TextWidth,
        AttentionHeadDim = [.. preset.UNetHeads],
        NormNumGroups = preset.NormGroups,
    };

    /// <summary>The text encoder over a vocabulary.</summary>
    public static CLIPTextConfig Text(PretrainPreset preset, int vocabulary, int eos) => new()
    {
        VocabSize = vocabulary,
        HiddenSize = preset.TextWidth,
        IntermediateSize = 4 * preset.TextWidth,
        NumHiddenLayers = preset.TextLayers,
        NumAttentionHeads = preset.TextHeads,
        EosTokenId = eos,
    };

    /// <summary>Draws the token and position rows of a fresh text encoder.</summary>
    public static void StartText(CLIPTextModel text)
    {
        using var noGrad = no_grad();
        foreach (var (name, parameter) in text.named_parameters())
        {
            if (name.EndsWith("token_embedding.weight", StringComparison.Ordinal))
                parameter.normal_(0, TokenSpread);
            else if (name.EndsWith("position_embedding.weight", StringComparison.Ordinal))
                parameter.normal_(0, PositionSpread);
        }
    }
}
