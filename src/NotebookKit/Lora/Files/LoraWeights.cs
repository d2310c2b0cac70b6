using NotebookKit.Lora.Adapters;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Files;

/// <summary>Two thin matrices: ΔW = alpha / rank · up · down (Hu et al. 2021); for a convolution LoCon's, optionally with a core between
/// (CP).</summary>
/// <param name="Module">The layer's kohya name, such as lora_unet_mid_block_attentions_0_proj_in.</param>
/// <param name="Down">(rank, in) or (rank, in, k, k); (rank, in, 1, 1) where there is a <paramref name="Mid"/>.</param>
/// <param name="Up">(out, rank) or (out, rank, 1, 1).</param>
/// <param name="Alpha">The scale's numerator; the rank where the file gives none.</param>
/// <param name="Mid">The core of a CP-decomposed convolution, (rank, rank, k, k), or null.</param>
public sealed record LoraWeights(string Module, Tensor Down, Tensor Up, double Alpha, Tensor? Mid = null) : AdapterWeights(Module)
{
    /// <inheritdoc/>
    public override string Kind => Mid is null ? Dora is null ? "LoRA" : "DoRA" : "LoRA (CP)";

    /// <inheritdoc/>
    public override int? Rank => (int)Down.shape[0];

    /// <inheritdoc/>
    public override double Scale => Alpha / Down.shape[0];

    /// <inheritdoc/>
    public override double? StoredAlpha => Alpha;

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Tensor)> Parts =>
        Mid is null ? [("lora_down.weight", Down), ("lora_up.weight", Up)]
            : [("lora_down.weight", Down), ("lora_mid.weight", Mid), ("lora_up.weight", Up)];

    internal override string Shapes => $"{LoraFile.Shape(Up)}·{LoraFile.Shape(Down)}";

    /// <summary>ΔW as a matrix before DoRA, scale included: (out, in) or (out, in·k·k).</summary>
    public Tensor Matrix()
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        return ((Mid is null ? LoraLayer.Product(Up, Down) : CpLayer.Product(Up, Mid, Down)) * Scale).MoveToOuterDisposeScope();
    }

    // ‖s·U·D‖² = s² · Σ (UᵀU) ∘ (DDᵀ), without forming the product.
    internal override double Norm(Tensor? weight)
    {
        if (Mid is not null)
            return base.Norm(weight);
        var (up, down) = (Up.flatten(1).to(ScalarType.Float64), Down.flatten(1).to(ScalarType.Float64));
        return Math.Abs(Scale) * Math.Sqrt(Math.Max(0, (up.transpose(0, 1).mm(up) * down.mm(down.transpose(0, 1))).sum().item<double>()));
    }

    // A linear layer's adapter may be stored with 1×1 kernels and a 1×1 convolution's without, depending on the tool.
    internal override AdapterWeights? Fitted(LoraModule target)
    {
        var weight = target.Weight;
        if (weight.dim() < 2) // a norm
            return null;
        long[] kernel = weight.shape[2..];
        long[] down = [Down.shape[0], weight.shape[1], .. Mid is null ? kernel : [1, 1]];
        long[] up = target.Layer is Conv2d ? [weight.shape[0], Up.shape[1], 1, 1] : [weight.shape[0], Up.shape[1]];
        if (Down.NumberOfElements != down.Aggregate(1L, (n, size) => n * size) || Up.NumberOfElements != up[0] * up[1])
            return null;
        if (Mid is not null && !Mid.shape[2..].SequenceEqual(kernel))
            return null;
        return this with { Down = Down.reshape(down), Up = Up.reshape(up) };
    }

    // A core stays whole.
    internal override AdapterWeights First(int rank) => Mid is not null || rank >= Down.shape[0] ? this
        : this with { Down = Down.narrow(0, 0, rank), Up = Up.narrow(1, 0, rank), Alpha = Scale * rank };

    internal override Adapter Beside(LoraModule target)
    {
        if (Dora is not null || Bias is not null)
            return base.Beside(target);
        return Mid is null ? new LoraLayer(target.Layer, On(Down), On(Up), Alpha)
            : new CpLayer(target.Layer, On(Down), On(Mid), On(Up), Alpha);

        Tensor On(Tensor tensor) => tensor.to(target.Weight.device, copy: true);
    }

    // An alpha that half precision cannot hold (rsLoRA's roots) would scale everything a little wrongly.
    internal override AdapterWeights In(ScalarType dtype) => tensor(Alpha).to(dtype).to(ScalarType.Float64).item<double>() == Alpha ? this
        : this with { Up = Up * Scale, Alpha = Down.shape[0] };

    internal override IEnumerable<(string Name, Tensor Tensor)> PartsFor(LoraFormat format)
    {
        if (Mid is not null || Bias is not null)
            return base.PartsFor(format);
        if (Dora is not null && (format == LoraFormat.Diffusers || Dora.Norm == DoraNorm.PerInput))
            throw new BadInputException($"{Module} is DoRA with lengths {(Dora.Norm == DoraNorm.PerInput ? "per input" : "per output")}, "
                + $"for which {format} files have no names; write a kohya file.");
        var up = Scale == 1 ? Up : Up * Scale; // these formats have no alpha
        var parts = new List<(string Name, Tensor Tensor)> { ("lora_down.weight", Down), ("lora_up.weight", up) };
        if (Dora is not null)
            parts.Add(("dora_scale", Dora.Magnitude.flatten()));
        return parts.Select(part => (LoraWriter.NameOf($"{Module}.{part.Name}", format), part.Tensor));
    }

    private protected override AdapterWeights Mapped(Func<Tensor, Tensor> change) => this with
    {
        Down = change(Down),
        Up = change(Up),
        Mid = Mid is null ? null : change(Mid),
    };

    /// <inheritdoc/>
    protected override Tensor Product(Tensor weight) => Matrix();
}
