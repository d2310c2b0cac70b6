using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>
/// What may be written over a tensor that was just computed and that nobody else holds: the same numbers without another
/// tensor, which at full resolution takes longer to get than to fill. Where gradients are on, backward may ask for what was
/// there, and a new one is made.
/// </summary>
internal static class Fresh
{
    /// <summary>SiLU of a fresh tensor.</summary>
    public static Tensor Silu(Tensor fresh) => functional.silu(fresh, inplace: !is_grad_enabled());

    /// <summary>A fresh tensor and another.</summary>
    public static Tensor Add(Tensor fresh, Tensor other) => is_grad_enabled() ? fresh + other : fresh.add_(other);

    /// <summary>A fresh tensor times another.</summary>
    public static Tensor Multiply(Tensor fresh, Tensor other) => is_grad_enabled() ? fresh * other : fresh.mul_(other);
}
