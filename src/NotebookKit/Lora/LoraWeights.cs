using static TorchSharp.torch;

namespace NotebookKit.Lora;

/// <summary>The adapter of one layer as a file holds it.</summary>
/// <param name="Module">The layer's kohya name, such as lora_unet_mid_block_attentions_0_proj_in.</param>
/// <param name="Down">(rank, in) or (rank, in, k, k).</param>
/// <param name="Up">(out, rank) or (out, rank, 1, 1).</param>
/// <param name="Alpha">The scale's numerator; the rank where the file gives none.</param>
public sealed record LoraWeights(string Module, Tensor Down, Tensor Up, double Alpha)
{
    /// <summary>How many numbers pass between down and up.</summary>
    public int Rank => (int)Down.shape[0];
}
