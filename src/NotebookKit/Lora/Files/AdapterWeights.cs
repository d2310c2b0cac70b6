using NotebookKit.Lora.Adapters;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Files;

/// <summary>
/// The adapter of one layer as a file holds it, in float32. Whatever its kind, it comes down to one thing: the change ΔW
/// that it makes to the layer's weight.
/// </summary>
/// <param name="Module">The layer's kohya name, such as lora_unet_mid_block_attentions_0_proj_in.</param>
public abstract record AdapterWeights(string Module)
{
    /// <summary>The kind's name: LoRA, DoRA, LoHa and so on.</summary>
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

    /// <summary>Tensors that all layers of a file have in common, by their names in it; empty for most kinds.</summary>
    public virtual IEnumerable<(string Name, Tensor Tensor)> Shared => [];

    /// <summary>Every tensor of the adapter's own.</summary>
    internal virtual IEnumerable<Tensor> Tensors =>
        [.. Parts.Select(part => part.Tensor), .. Dora is null ? [] : new[] { Dora.Magnitude }, .. Bias is null ? [] : new[] { Bias }];

    /// <summary>The same with every tensor replaced: a copy, or another handle on the same numbers.</summary>
    internal AdapterWeights With(Func<Tensor, Tensor> change) => Mapped(change) with
    {
        Dora = Dora is null ? null : Dora with { Magnitude = change(Dora.Magnitude) },
        Bias = Bias is null ? null : change(Bias),
    };

    /// <summary>The same with the kind's own tensors replaced.</summary>
    private protected abstract AdapterWeights Mapped(Func<Tensor, Tensor> change);

    /// <summary>Whether every number of the adapter is one.</summary>
    public bool IsFinite()
    {
        using var scope = NewDisposeScope();
        return double.IsFinite(StoredAlpha ?? 0)
            && Tensors.Concat(Shared.Select(shared => shared.Tensor)).All(tensor => tensor.isfinite().all().item<bool>());
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
            throw new BadInputException($"{Module} changes {product.NumberOfElements} numbers there, but the layer's weight is "
                + $"{LoraFile.Shape(weight)} here; use the base it was trained on.");
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

    /// <summary>‖ΔW‖ before DoRA; the length of the first tensor where the base's weight is needed to tell and missing.</summary>
    /// <param name="weight">The base's weight, or null.</param>
    internal virtual double Norm(Tensor? weight) =>
        (Flat() ?? (weight is null ? Parts.First().Tensor : Product(weight.to(Parts.First().Tensor.device)))).norm().item<float>();

    /// <summary>The adapter's shapes for a sentence.</summary>
    internal virtual string Shapes => string.Join(" ", Parts.Select(part => LoraFile.Shape(part.Tensor)));

    /// <summary>The same in the dimensions of a base's layer.</summary>
    /// <returns>Null where it was made for a layer of another shape.</returns>
    internal virtual AdapterWeights? Fitted(LoraModule target) => this;

    /// <summary>Only the first so many directions, the scale unchanged: the web UI's <c>dyn</c>. Kinds without such an order stay whole, as
    /// there.</summary>
    internal virtual AdapterWeights First(int rank) => this;

    /// <summary>What computes with it beside a layer.</summary>
    /// <exception cref="BadInputException">It was made for a layer of another shape.</exception>
    internal virtual Adapter Beside(LoraModule target) => new DeltaAdapter(target, this);

    /// <summary>The same, such that a type can hold its alpha.</summary>
    internal virtual AdapterWeights In(ScalarType dtype) => this;

    /// <summary>What the bias is called in a kohya file.</summary>
    internal virtual string BiasName => "diff_b";

    /// <summary>The tensors by the names of a format that is not kohya's.</summary>
    /// <exception cref="BadInputException">The format has none for this kind.</exception>
    internal virtual IEnumerable<(string Name, Tensor Tensor)> PartsFor(LoraFormat format) =>
        throw new BadInputException($"{Module} is {Kind}, for which {format} files have no names; write a kohya file.");

    /// <summary>The scaled product of the factors: ΔW before DoRA, in any shape of as many numbers.</summary>
    /// <param name="weight">The base's weight, for its shape (and, for OFT, its values).</param>
    protected abstract Tensor Product(Tensor weight);
}
