using NotebookKit.Tensors;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Lora.Adapters;

/// <summary>Dropout between down and up, where kohya has it: it acts while gradients are recorded and at no other time.</summary>
/// <param name="Share">The share of the squeezed numbers that becomes zero, and the rest the larger for it.</param>
internal readonly record struct LoraDropout(double Share)
{
    /// <summary>The squeezed numbers, thinned out.</summary>
    public Tensor Of(Tensor squeezed) =>
        Share > 0 && GradientCheckpoint.Recording ? functional.dropout(squeezed, Share, training: true) : squeezed;
}
