using static TorchSharp.torch;

namespace NotebookKit.Lora.Files;

/// <summary>
/// The adapter of one layer as a file holds it, in float32. Whatever its kind, it comes down to one thing: the change ΔW
/// that it makes to the layer's weight.
/// </summary>
/// <param name="Module">The layer's kohya name, such as lora_unet_mid_block_attentions_0_proj_in.</param>
public abstract record AdapterWeights(string Module)
{
    /// <summary>The kind's name: LoRA, DoRA, LoHa, LoKr, GLoRA, (IA)³, OFT, norm or full.</summary>
    public abstract string Kind { get; }

    /// <summary>How many numbers pass between the factors; null for kinds that have no such number.</summary>
    public abstract int? Rank { get; }

    /// <summary>What the product of the factors is multiplied by.</summary>
    public virtual double Scale => 1;

    /// <summary>The lengths that DoRA learned, with their norm's convention; null without DoRA.</summary>
    public DoraMagnitude? Dora { get; init; }

    /// <summary>A change of the layer's bias, (out); null for none.</summary>
    public Tensor? Bias { get; init; }

    /// <summary>The tensors by LyCORIS' names (<c>lora_up.weight</c>, <c>hada_w1_a</c>…), without alpha.</summary>
    public abstract IEnumerable<(string Name, Tensor Tensor)> Parts { get; }

    /// <summary>The scale's numerator; null for kinds that have none.</summary>
    public virtual double? StoredAlpha => null;

    /// <summary>Every tensor that the adapter needs.</summary>
    internal virtual IEnumerable<Tensor> Tensors =>
        [.. Parts.Select(part => part.Tensor), .. Dora is null ? [] : new[] { Dora.Magnitude }, .. Bias is null ? [] : new[] { Bias }];

    /// <summary>Whether every number of the adapter is one.</summary>
    public bool IsFinite()
    {
        using var scope = NewDisposeScope();
        return double.IsFinite(StoredAlpha ?? 0) && Tensors.All(tensor => tensor.isfinite().all().item<bool>());
    }

    /// <summary>ΔW at multiplier 1, in the weight's own shape and float32.</summary>
    /// <param name="weight">The base's weight, (out, in) or (out, in, k, k).</param>
    /// <exception cref="BadInputException">The adapter was made for a layer of another shape.</exception>
    public Tensor Delta(Tensor weight)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var product = Product(weight);
        if (product.NumberOfElements != weight.NumberOfElements)
            throw new BadInputException($"{Module} changes {product.NumberOfElements} numbers there, but the layer's weight is {LoraFile.Shape(weight)} here; use the base it was trained on.");
        product = product.reshape(weight.shape);
        return (Dora is null ? product : Dora.Change(weight.to(ScalarType.Float32), product)).MoveToOuterDisposeScope();
    }

    /// <summary>ΔW before DoRA as (out, in·k·k), where it can be told without the base's weight; else null.</summary>
    internal virtual Tensor? Flat()
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        return Product(Parts.First().Tensor).flatten(1).MoveToOuterDisposeScope();
    }

    /// <summary>The scaled product of the factors: ΔW before DoRA, in any shape of as many numbers.</summary>
    /// <param name="weight">The base's weight, for its shape (and, for OFT, its values).</param>
    protected abstract Tensor Product(Tensor weight);
}

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
        var axes = Enumerable.Range(0, (int)weight.dim()).Select(axis => (long)axis).Where(axis => axis != (norm == DoraNorm.PerOutput ? 0 : 1)).ToArray();
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
