using NotebookKit.Lora.Files;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Kinds;

/// <summary>Reads GLoRA; ΔW is in <see cref="GloraWeights"/>.</summary>
internal sealed class GloraKind : AdapterKind
{
    public override string Name => "GLoRA";

    public override IReadOnlyDictionary<string, string> Endings { get; } =
        Plain("a1.weight", "a2.weight", "b1.weight", "b2.weight", "bm.weight");

    public override AdapterWeights? Read(LayerTensors layer)
    {
        if (!(layer.Part("a1") is { } a1 && layer.Part("a2") is { } a2 && layer.Part("b1") is { } b1 && layer.Part("b2") is { } b2))
            return null;
        if (layer.Has("bm"))
            throw layer.Unread("GLoRA with a core, Tucker");
        if (new[] { a1, a2, b1, b2 }.Any(tensor => tensor.dim() < 2))
            throw layer.Unreadable("layers whose weights do not fit each other");
        return new GloraWeights(layer.Module, a1, a2, b1, b2, layer.Alpha(Math.Min(a1.shape[0], a1.shape[1])));
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
    public override IEnumerable<(string Name, Tensor Tensor)> Parts =>
        [("a1.weight", A1), ("a2.weight", A2), ("b1.weight", B1), ("b2.weight", B2)];

    internal override Tensor? Flat() => null;

    private protected override AdapterWeights Mapped(Func<Tensor, Tensor> change) => this with
    {
        A1 = change(A1),
        A2 = change(A2),
        B1 = change(B1),
        B2 = change(B2),
    };

    /// <inheritdoc/>
    protected override Tensor Product(Tensor weight)
    {
        // Early files: B = b2 · b1 and A = a2 · a1; since 2024 the other way round.
        var early = A1.shape[0] < A1.shape[1];
        var (upA, downA, upB, downB) = early ? (A2, A1, B2, B1) : (A1, A2, B1, B2);
        if (weight.dim() < 2 || upA.shape[0] != weight.shape[1] || upB.shape[0] != weight.shape[0]
            || downB.NumberOfElements * weight.shape[0] != weight.NumberOfElements * downB.shape[0])
            throw new BadInputException($"{Module} was made for a layer of another shape than {LoraFile.Shape(weight)}; use the base it "
                + "was trained on.");
        var exact = weight.to(ScalarType.Float32);
        var a = upA.flatten(1).mm(downA.flatten(1));                                                  // (in, in)
        var moved = nn.functional.linear(exact.transpose(1, -1), a.t()).transpose(1,
            -1);                     // over the inputs: (out, in, …)
        return (upB.flatten(1).mm(downB.flatten(1)).reshape(weight.shape) + moved) * Scale;
    }
}
