using static TorchSharp.torch;

namespace NotebookKit.Lora.Files;

/// <summary>DoRA's lengths (Liu et al. 2024, "DoRA: Weight-Decomposed Low-Rank Adaptation", equation 5).</summary>
/// <param name="Magnitude">(out, 1, …) or (1, in, …): as many dimensions as the weight has.</param>
/// <param name="Norm">Over what a length is taken.</param>
public sealed record DoraMagnitude(Tensor Magnitude, DoraNorm Norm)
{
    /// <summary>The lengths of a weight, in the shape of <see cref="Magnitude"/>.</summary>
    /// <param name="weight">(out, in) or (out, in, k, k).</param>
    /// <param name="norm">Over what a length is taken.</param>
    public static Tensor LengthsOf(Tensor weight, DoraNorm norm)
    {
        var axes = Enumerable.Range(0, (int)weight.dim()).Select(axis => (long)axis)
            .Where(axis => axis != (norm == DoraNorm.PerOutput ? 0 : 1)).ToArray();
        return weight.square().sum(axes, keepdim: true).sqrt();
    }

    /// <summary>ΔW = magnitude · (W + product) / ‖W + product‖ − W; gradients do not flow through the norm (section 4.3).</summary>
    /// <param name="weight">W in float32.</param>
    /// <param name="product">The scaled product of the factors, in the same shape.</param>
    public Tensor Change(Tensor weight, Tensor product)
    {
        var moved = weight + product;
        return moved * (Magnitude / LengthsOf(moved.detach(), Norm)) - weight;
    }

    /// <summary>The same in as many dimensions as a weight has.</summary>
    /// <param name="weight">The layer's weight.</param>
    /// <returns>Null where the number of lengths is not the weight's.</returns>
    public DoraMagnitude? For(Tensor weight)
    {
        // A layer of one output stores (1, 1) or (1, in): only the number of lengths tells which.
        var norm = Norm == DoraNorm.PerInput && Magnitude.NumberOfElements != weight.shape[1] ? DoraNorm.PerOutput : Norm;
        var axis = norm == DoraNorm.PerOutput ? 0 : 1;
        var shape = Enumerable.Repeat(1L, (int)weight.dim()).ToArray();
        shape[axis] = weight.shape[axis];
        return Magnitude.NumberOfElements == shape[axis] ? new DoraMagnitude(Magnitude.reshape(shape), norm) : null;
    }
}
