
namespace NotebookKit.Training.Memory;

/// <summary>The residual block that the UNet and the VAE share, as <see cref="Models.ResnetBlock2D"/> has it.</summary>
internal static class CountedResnet
{
    /// <summary>Norm, SiLU, convolution, twice, the timestep added between, and the input at the end.</summary>
    /// <param name="layers">The layers.</param>
    /// <param name="path">The block's name.</param>
    /// <param name="input">(B, inChannels, H, W).</param>
    /// <param name="time">The timestep's embedding; null in the VAE.</param>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="timeWidth">Width of the embedding.</param>
    /// <param name="groups">Means that each norm takes.</param>
    public static Counted Resnet(this CountedLayers layers, string path, Counted input, Counted? time, long inChannels, long outChannels,
        long timeWidth, long groups) => layers.Tape.Scope(() =>
    {
        layers.Tape.Part = MemoryPart.ResnetBlocks;
        var hidden = layers.Conv($"{path}.conv1", layers.FreshActivation(layers.Norm($"{path}.norm1", input, groups)), inChannels,
            outChannels);
        if (time is not null)
            hidden = layers.FreshSum(hidden, layers.Linear($"{path}.time_emb_proj", time, timeWidth, outChannels));
        hidden = layers.Conv($"{path}.conv2", layers.FreshActivation(layers.Norm($"{path}.norm2", hidden, groups)), outChannels,
            outChannels);
        var shortcut = inChannels == outChannels ? input : layers.Conv($"{path}.conv_shortcut", input, inChannels, outChannels, kernel: 1);
        return layers.FreshSum(hidden, shortcut);
    });
}
