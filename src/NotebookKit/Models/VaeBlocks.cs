
namespace NotebookKit.Models;

/// <summary>What the levels of encoder and decoder share.</summary>
internal static class VaeBlocks
{
    /// <summary>Epsilon of every norm in the VAE.</summary>
    public const double Eps = 1e-6;

    /// <summary>A row of residual blocks without time, the first of which changes the channel count.</summary>
    public static ResnetBlock2D[] Resnets(int inChannels, int outChannels, int count, int groups) =>
        [.. Enumerable.Range(0, count).Select(i => new ResnetBlock2D(i == 0 ? inChannels : outChannels, outChannels, null, groups, Eps))];
}
