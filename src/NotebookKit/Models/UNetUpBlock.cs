using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>
/// One level on the UNet's way up. <c>forward</c> takes the picture (B, C, H, W), the pictures kept on the way down
/// (the block takes its own from the top), the activated timestep embedding (B, T) and the text states (B, S, D).
/// </summary>
/// <param name="name">The module's name.</param>
public abstract class UNetUpBlock(string name) : Module<Tensor, Stack<Tensor>, Tensor, Tensor, Tensor>(name)
{
    /// <summary>Whether every residual block and transformer keeps only its inputs for backward.</summary>
    internal bool GradientCheckpointing { get; set; }

    /// <summary>Makes the block that a configuration names.</summary>
    /// <param name="type"><c>UpBlock2D</c> or <c>CrossAttnUpBlock2D</c>.</param>
    /// <param name="channels">Channels coming from below, of this level, and of the level that its last skip comes from.</param>
    /// <param name="level">The level's index counted as on the way down, 0 at full resolution.</param>
    /// <param name="upsample">Whether the level ends by doubling height and width: all but the highest do.</param>
    /// <param name="config">The UNet's configuration.</param>
    internal static UNetUpBlock Create(string type, UpChannels channels, int level, bool upsample, UNet2DConditionConfig config) =>
        type switch
        {
            "UpBlock2D" => new UpBlock2D(channels, level, upsample, config),
            "CrossAttnUpBlock2D" => new CrossAttnUpBlock2D(channels, level, upsample, config),
            _ => throw new BadInputException($"up_block_types names '{type}'; this UNet knows UpBlock2D and CrossAttnUpBlock2D."),
        };

    /// <summary>The residual blocks of a level: one more than on the way down, each taking a skip connection in.</summary>
    private protected static ResnetBlock2D[] Resnets(UpChannels channels, int level, UNet2DConditionConfig config)
    {
        var layers = config.LayersPerBlock[level] + 1;
        return
        [
            .. Enumerable.Range(0, layers).Select(i => config.Resnet(
                (i == 0 ? channels.Below : channels.Level) + (i == layers - 1 ? channels.LastSkip : channels.Level),
                channels.Level)),
        ];
    }

    /// <summary>Puts the topmost skip connection behind the picture's channels, and lets go of both.</summary>
    private protected static Tensor Join(Tensor hidden, Stack<Tensor> skips)
    {
        using var skip = skips.Pop();
        return cat([hidden, skip], 1);
    }
}
