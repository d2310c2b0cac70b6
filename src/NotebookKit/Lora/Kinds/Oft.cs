using NotebookKit.Lora.Files;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Kinds;

/// <summary>Reads OFT; ΔW is in <see cref="OftWeights"/>.</summary>
internal sealed class OftKind : AdapterKind
{
    public override string Name => "OFT";

    public override IReadOnlyDictionary<string, string> Endings { get; } = Plain("oft_blocks", "oft_diag");

    public override AdapterWeights? Read(LayerTensors layer)
    {
        if ((layer.Part("oft_blocks") ?? layer.Part("oft_diag")) is not { } blocks)
            return null;
        if (blocks.dim() != 3 || blocks.shape[1] != blocks.shape[2])
            throw layer.Unread("BOFT");
        if (layer.Has("scalar"))
            throw layer.Unread("OFT with a scalar");
        return new OftWeights(layer.Module, blocks, layer.Number("alpha") ?? 0);
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

    private protected override AdapterWeights Mapped(Func<Tensor, Tensor> change) => this with { Blocks = change(Blocks) };

    /// <inheritdoc/>
    protected override Tensor Product(Tensor weight)
    {
        var (count, size) = (Blocks.shape[0], Blocks.shape[1]);
        if (count * size != weight.shape[0])
            throw new BadInputException($"{Module} turns {count * size} outputs, but the layer has {weight.shape[0]} here; use the base "
                + "it was trained on.");
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
