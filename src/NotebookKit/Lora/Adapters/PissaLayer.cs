using NotebookKit.Lora.Files;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Lora.Adapters;

/// <summary>
/// PiSSA: a LoRA that begins as the weight's largest singular directions (Meng et al. 2024, equations 2 and 3). What it began
/// as is subtracted again, so that the base stays as it is; a file holds both, as a LoRA of twice the rank.
/// </summary>
internal sealed class PissaLayer : LoraLayer
{
    private readonly LoraLayer _start;

    /// <summary>An adapter that begins with given factors.</summary>
    public PissaLayer(Module<Tensor, Tensor> target, Tensor down, Tensor up, double alpha) : base(target, down, up, alpha) =>
        _start = new LoraLayer(target, Down.detach().clone(), Up.detach().clone(), alpha);

    /// <summary>scale · up · down = the weight's best approximation of that rank.</summary>
    public static (Tensor Down, Tensor Up) Principal(Tensor weight, int rank, double scale)
    {
        var flat = weight.detach().to(ScalarType.Float32).flatten(1).cpu();
        var most = Math.Min(flat.shape[0], flat.shape[1]);
        if (rank > most)
            throw new BadInputException($"PiSSA cannot take rank {rank} of a layer of {flat.shape[0]}×{flat.shape[1]}; choose at most "
                + $"{most}.");
        var (up, down) = LowRank.Factors(flat, rank);
        return ((down / Math.Sqrt(scale)).to(weight.device), (up / Math.Sqrt(scale)).to(weight.device));
    }

    // up · down − up₀ · down₀ is one product of twice the rank.
    public override AdapterWeights Weights(string module)
    {
        using var grad = no_grad();
        return new LoraWeights(module, cat([Down, _start.Down], 0), cat([Up, -_start.Up], 1), Scale * 2 * Rank);
    }

    public override void Dispose()
    {
        _start.Dispose();
        base.Dispose();
    }

    internal override Tensor Share(Tensor x) => base.Share(x) - _start.Share(x);

    internal override Tensor Product() => base.Product() - _start.Product();

    internal override Tensor AddTo(Tensor weight) => AddWholeTo(weight);
}
