using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>
/// One level on the UNet's way down. <c>forward</c> takes the picture (B, C, H, W), the activated timestep embedding
/// (B, T) and the text states (B, S, D), and gives every picture that the way up will want back; the last of them is
/// the block's output.
/// </summary>
/// <param name="name">The module's name.</param>
public abstract class UNetDownBlock(string name) : Module<Tensor, Tensor, Tensor, IReadOnlyList<Tensor>>(name)
{
    /// <summary>Whether every residual block and transformer keeps only its inputs for backward.</summary>
    internal bool GradientCheckpointing { get; set; }

    /// <summary>Makes the block that a configuration names.</summary>
    /// <param name="type"><c>DownBlock2D</c> or <c>CrossAttnDownBlock2D</c>.</param>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="level">The level's index, 0 at full resolution.</param>
    /// <param name="downsample">Whether the level ends by halving height and width: all but the lowest do.</param>
    /// <param name="config">The UNet's configuration.</param>
    internal static UNetDownBlock Create(string type, int inChannels, int outChannels, int level, bool downsample,
        UNet2DConditionConfig config) =>
        type switch
        {
            "DownBlock2D" => new DownBlock2D(inChannels, outChannels, level, downsample, config),
            "CrossAttnDownBlock2D" => new CrossAttnDownBlock2D(inChannels, outChannels, level, downsample, config),
            _ => throw new BadInputException($"down_block_types names '{type}'; this UNet knows DownBlock2D and CrossAttnDownBlock2D."),
        };
}
