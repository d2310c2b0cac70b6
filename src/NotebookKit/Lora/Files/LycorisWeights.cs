using static TorchSharp.torch;

namespace NotebookKit.Lora.Files;

/// <summary>
/// LoHa: the elementwise product of two low-rank matrices, ΔW = alpha / rank · (w1_a · w1_b) ∘ (w2_a · w2_b) (Hyeon-Woo et
/// al. 2021, FedPara; LyCORIS, Yeh et al. 2023). Read, not trained.
/// </summary>
/// <param name="Module">The layer's kohya name.</param>
/// <param name="W1A">(out, rank), or (rank, out) beside a core.</param>
/// <param name="W1B">(rank, in·k·k), or (rank, in) beside a core.</param>
/// <param name="W2A">As <paramref name="W1A"/>.</param>
/// <param name="W2B">As <paramref name="W1B"/>.</param>
/// <param name="Alpha">The scale's numerator; the rank where the file gives none.</param>
/// <param name="T1">The core of a CP-decomposed convolution, (rank, rank, k, k), or null.</param>
/// <param name="T2">As <paramref name="T1"/>.</param>
public sealed record LohaWeights(string Module, Tensor W1A, Tensor W1B, Tensor W2A, Tensor W2B, double Alpha, Tensor? T1 = null, Tensor? T2 = null) : AdapterWeights(Module)
{
    /// <inheritdoc/>
    public override string Kind => "LoHa";

    /// <inheritdoc/>
    public override int? Rank => (int)W1B.shape[0];

    /// <inheritdoc/>
    public override double Scale => Alpha / W1B.shape[0];

    /// <inheritdoc/>
    public override double? StoredAlpha => Alpha;

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Tensor)> Parts =>
        [("hada_w1_a", W1A), ("hada_w1_b", W1B), ("hada_w2_a", W2A), ("hada_w2_b", W2B), .. T1 is null ? [] : new[] { ("hada_t1", T1) }, .. T2 is null ? [] : new[] { ("hada_t2", T2) }];

    /// <inheritdoc/>
    protected override Tensor Product(Tensor weight) => Factors.Product(W1A, W1B, T1).flatten(1) * Factors.Product(W2A, W2B, T2).flatten(1) * Scale;
}

/// <summary>
/// LoKr: the Kronecker product of a small matrix and a larger one, each whole or as two factors (LyCORIS, Yeh et al.
/// 2023, equation 7). Read, not trained.
/// </summary>
/// <param name="Module">The layer's kohya name.</param>
/// <param name="W1">(a, b), the small one.</param>
/// <param name="W2">(out/a, in/b) or (out/a, in/b, k, k), the larger one, put together from its factors.</param>
/// <param name="Factored">Its rank where it, or the small one, was stored as factors; null where both were whole.</param>
/// <param name="Alpha">The scale's numerator: counts only where there are factors.</param>
/// <param name="Stored">The tensors as the file has them.</param>
public sealed record LokrWeights(string Module, Tensor W1, Tensor W2, int? Factored, double Alpha, IReadOnlyList<(string Name, Tensor Tensor)> Stored) : AdapterWeights(Module)
{
    /// <inheritdoc/>
    public override string Kind => "LoKr";

    /// <inheritdoc/>
    public override int? Rank => Factored;

    /// <inheritdoc/>
    public override double Scale => Factored is { } rank ? Alpha / rank : 1;

    /// <inheritdoc/>
    public override double? StoredAlpha => Alpha;

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Tensor)> Parts => Stored;

    internal override IEnumerable<Tensor> Tensors => [.. base.Tensors, W1, W2];

    /// <inheritdoc/>
    protected override Tensor Product(Tensor weight)
    {
        var small = W1.reshape(W1.shape[0], 1, W1.shape[1], 1);                   // (a, 1, b, 1)
        var large = W2.flatten(1).reshape(1, W2.shape[0], 1, -1);                 // (1, out/a, 1, in/b·k·k)
        return (small * large).reshape(W1.shape[0] * W2.shape[0], -1) * Scale;
    }
}

/// <summary>
/// OFT: the outputs are turned, block by block, ΔW = Rᵀ·W − W with R = (I + Q)(I − Q)⁻¹ and Q antisymmetric (Qiu et al.
/// 2023), as kohya and LyCORIS store it. Read, not trained.
/// </summary>
/// <param name="Module">The layer's kohya name.</param>
/// <param name="Blocks">(blocks, size, size) with blocks · size = out.</param>
/// <param name="Constraint">Q's length is kept below this times the number of outputs; 0 for no bound.</param>
public sealed record OftWeights(string Module, Tensor Blocks, double Constraint) : AdapterWeights(Module)
{
    /// <inheritdoc/>
    public override string Kind => "OFT";

    /// <inheritdoc/>
    public override int? Rank => null;

    /// <inheritdoc/>
    public override double? StoredAlpha => Constraint;

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Tensor)> Parts => [("oft_blocks", Blocks)];

    internal override Tensor? Flat() => null;

    /// <inheritdoc/>
    protected override Tensor Product(Tensor weight)
    {
        var (count, size) = (Blocks.shape[0], Blocks.shape[1]);
        if (count * size != weight.shape[0])
            throw new BadInputException($"{Module} turns {count * size} outputs, but the layer has {weight.shape[0]} here; use the base it was trained on.");
        var turn = Blocks - Blocks.transpose(1, 2);
        if (Constraint > 0)
        {
            var length = turn.norm().item<float>();
            turn = turn * ((Math.Min(length, Constraint * weight.shape[0]) + 1e-8) / (length + 1e-8));
        }

        var one = eye(size).unsqueeze(0);
        var rotation = (one + turn).bmm(linalg.inv(one - turn));                // (blocks, size, size)
        var flat = weight.to(ScalarType.Float32).reshape(count, size, -1);         // (blocks, size, in·k·k)
        return rotation.transpose(1, 2).bmm(flat) - flat;
    }
}

/// <summary>
/// (IA)³: one number for each output of a layer, or for each input, that its weight is multiplied by, ΔW = w ∘ W (Liu et al.
/// 2022, as LyCORIS stores it). Read, not trained.
/// </summary>
/// <param name="Module">The layer's kohya name.</param>
/// <param name="Factors">(out) or (in): what is added to 1.</param>
/// <param name="OnInput">Whether the numbers belong to the inputs.</param>
public sealed record Ia3Weights(string Module, Tensor Factors, bool OnInput) : AdapterWeights(Module)
{
    /// <inheritdoc/>
    public override string Kind => "(IA)³";

    /// <inheritdoc/>
    public override int? Rank => null;

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Tensor)> Parts => [("weight", Factors), ("on_input", tensor(OnInput ? 1f : 0f))];

    internal override IEnumerable<Tensor> Tensors => [Factors, .. Bias is null ? [] : new[] { Bias }];

    internal override Tensor? Flat() => null;

    /// <inheritdoc/>
    protected override Tensor Product(Tensor weight)
    {
        var axis = OnInput ? 1 : 0;
        if (weight.dim() < 2 || Factors.NumberOfElements != weight.shape[axis])
            throw new BadInputException($"{Module} has {Factors.NumberOfElements} factors, but the layer's weight is {LoraFile.Shape(weight)} here; use the base it was trained on.");
        var shape = Enumerable.Repeat(1L, (int)weight.dim()).ToArray();
        shape[axis] = weight.shape[axis];
        return weight.to(ScalarType.Float32) * Factors.reshape(shape);
    }
}

/// <summary>
/// GLoRA: a LoRA of the layer and one of its input, ΔW = alpha / rank · (B + W·A), both of low rank (Chavan et al. 2023, as
/// LyCORIS stores it, in the order of either of its versions). Read, not trained.
/// </summary>
/// <param name="Module">The layer's kohya name.</param>
/// <param name="A1">(in, rank); (rank, in) in early files.</param>
/// <param name="A2">(rank, in); (in, rank) in early files.</param>
/// <param name="B1">(out, rank); (rank, in) in early files.</param>
/// <param name="B2">(rank, in) or (rank, in, k, k); (out, rank) in early files.</param>
/// <param name="Alpha">The scale's numerator; the rank where the file gives none.</param>
public sealed record GloraWeights(string Module, Tensor A1, Tensor A2, Tensor B1, Tensor B2, double Alpha) : AdapterWeights(Module)
{
    /// <inheritdoc/>
    public override string Kind => "GLoRA";

    /// <inheritdoc/>
    public override int? Rank => (int)Math.Min(A1.shape[0], A1.shape[1]);

    /// <inheritdoc/>
    public override double Scale => Alpha / Rank!.Value;

    /// <inheritdoc/>
    public override double? StoredAlpha => Alpha;

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Tensor)> Parts => [("a1.weight", A1), ("a2.weight", A2), ("b1.weight", B1), ("b2.weight", B2)];

    internal override Tensor? Flat() => null;

    /// <inheritdoc/>
    protected override Tensor Product(Tensor weight)
    {
        // Early files: B = b2 · b1 and A = a2 · a1; since 2024 the other way round.
        var early = A1.shape[0] < A1.shape[1];
        var (upA, downA, upB, downB) = early ? (A2, A1, B2, B1) : (A1, A2, B1, B2);
        if (weight.dim() < 2 || upA.shape[0] != weight.shape[1] || upB.shape[0] != weight.shape[0] || downB.NumberOfElements * weight.shape[0] != weight.NumberOfElements * downB.shape[0])
            throw new BadInputException($"{Module} was made for a layer of another shape than {LoraFile.Shape(weight)}; use the base it was trained on.");
        var exact = weight.to(ScalarType.Float32);
        var a = upA.flatten(1).mm(downA.flatten(1));                                                  // (in, in)
        var moved = nn.functional.linear(exact.transpose(1, -1), a.t()).transpose(1, -1);                     // over the inputs: (out, in, …)
        return (upB.flatten(1).mm(downB.flatten(1)).reshape(weight.shape) + moved) * Scale;
    }
}

/// <summary>What is added to the weight of a norm, and to its bias (LyCORIS' "norm"). Read, not trained.</summary>
/// <param name="Module">The layer's kohya name.</param>
/// <param name="Change">(channels).</param>
public sealed record NormWeights(string Module, Tensor Change) : AdapterWeights(Module)
{
    /// <inheritdoc/>
    public override string Kind => "norm";

    /// <inheritdoc/>
    public override int? Rank => null;

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Tensor)> Parts => [("w_norm", Change)];

    internal override Tensor? Flat() => Change.reshape(1, -1);

    /// <inheritdoc/>
    protected override Tensor Product(Tensor weight) => Change;
}

/// <summary>The whole change, stored as it is: LyCORIS' "full".</summary>
/// <param name="Module">The layer's kohya name.</param>
/// <param name="Change">ΔW in the weight's shape.</param>
public sealed record FullWeights(string Module, Tensor Change) : AdapterWeights(Module)
{
    /// <inheritdoc/>
    public override string Kind => "full";

    /// <inheritdoc/>
    public override int? Rank => null;

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Tensor)> Parts => [("diff", Change)];

    /// <inheritdoc/>
    protected override Tensor Product(Tensor weight) => Change;
}

/// <summary>Products of LyCORIS' factors.</summary>
internal static class Factors
{
    /// <summary>a · b; beside a core t, Σ t[i,j,h,w] · b[j,r] · a[i,p] as (p, r, h, w).</summary>
    public static Tensor Product(Tensor a, Tensor b, Tensor? core)
    {
        if (core is null)
            return a.flatten(1).mm(b.flatten(1));
        var (i, j, h, w) = (core.shape[0], core.shape[1], core.shape[2], core.shape[3]);
        var right = nn.functional.linear(core.reshape(i, j, h * w).transpose(1, 2), b.t()); // (i, h·w, r)
        var both = a.transpose(0, 1).mm(right.reshape(i, -1));                 // (p, h·w·r)
        return both.reshape(a.shape[1], h * w, b.shape[1]).transpose(1, 2).reshape(a.shape[1], b.shape[1], h, w);
    }
}
