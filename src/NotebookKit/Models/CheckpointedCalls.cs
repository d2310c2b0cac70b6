using NotebookKit.Tensors;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>
/// Gradient checkpointing (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"): a block keeps only its
/// inputs for backward and computes the rest again there. The gradients are the same but for the order in
/// which parts of a sum are added.
/// </summary>
internal static class CheckpointedCalls
{
    /// <summary>Calls a block of two inputs, checkpointed or not.</summary>
    /// <param name="block">A residual block, a transformer, a text encoder's layer.</param>
    /// <param name="first">Its first input.</param>
    /// <param name="second">Its second input.</param>
    /// <param name="checkpointed">Whether to keep only the inputs.</param>
    public static Tensor Call(this Module<Tensor, Tensor, Tensor> block, Tensor first, Tensor second, bool checkpointed) =>
        checkpointed ? GradientCheckpoint.Run(inputs => block.call(inputs[0], inputs[1]), first, second) : block.call(first, second);

    /// <inheritdoc cref="Call(Module{Tensor, Tensor, Tensor}, Tensor, Tensor, bool)"/>
    public static Tensor Call(this ResnetBlock2D block, Tensor first, Tensor second, bool checkpointed) =>
        checkpointed ? GradientCheckpoint.Run(inputs => block.call(inputs[0], inputs[1]), first, second) : block.call(first, second);
}
