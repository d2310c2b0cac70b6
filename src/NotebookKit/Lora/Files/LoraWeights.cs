using static TorchSharp.torch;

namespace NotebookKit.Lora.Files;

/// <summary>Two thin matrices: ΔW = alpha / rank · up · down (Hu et al. 2021); for a convolution LoCon's, optionally with a core between (CP).</summary>
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
        Mid is null ? [("lora_down.weight", Down), ("lora_up.weight", Up)] : [("lora_down.weight", Down), ("lora_mid.weight", Mid), ("lora_up.weight", Up)];

    /// <summary>Only the first so many directions, the scale unchanged: the web UI's <c>dyn</c>. A core stays whole, as there.</summary>
    /// <param name="rank">How many to keep; more than there are keeps all.</param>
    public LoraWeights First(int rank) => Mid is not null || rank >= Down.shape[0] ? this
        : this with { Down = Down.narrow(0, 0, rank), Up = Up.narrow(1, 0, rank), Alpha = Scale * rank };

    /// <summary>ΔW as a matrix before DoRA, scale included: (out, in) or (out, in·k·k).</summary>
    public Tensor Matrix()
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var up = Up.flatten(1);                                                   // (out, rank)
        if (Mid is null)
            return (up.mm(Down.flatten(1)) * Scale).MoveToOuterDisposeScope();
        // ΔW[o,i,h,w] = Σ up[o,n] · mid[n,m,h,w] · down[m,i]
        var (outputs, inputs) = (up.shape[0], Down.shape[1]);
        var left = up.mm(Mid.flatten(1)).reshape(outputs, Mid.shape[1], -1);  // (out, rank, k·k)
        var product = nn.functional.linear(left.transpose(1, 2), Down.flatten(1).t()); // (out, k·k, in)
        return (product.transpose(1, 2).reshape(outputs, -1) * Scale).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override Tensor Product(Tensor weight) => Matrix();
}
