using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Adapters;

/// <summary>What a new adapter begins with.</summary>
internal static class LoraStart
{
    /// <summary>A new adapter of a layer; its output is the base's.</summary>
    public static LoraLayer Layer(LoraModule module, int rank, double alpha, LoraOptions options, Generator random)
    {
        using var scope = NewDisposeScope();
        var weight = module.Weight;                                                // (out, in) or (out, in, k, k)
        long[] downShape = [rank, .. weight.shape[1..]];
        long[] upShape = module.Layer is Conv2d ? [weight.shape[0], rank, 1, 1] : [weight.shape[0], rank];
        if (options.Init == LoraInit.Pissa)
        {
            var (up, down) = Principal(weight, rank, Scale(rank, alpha, options));
            return new LoraLayer(module, down.reshape(downShape), up.reshape(upShape), alpha, options);
        }

        var fanIn = weight.shape[1..].Aggregate(1L, (product, size) => product * size);
        var bound = 1 / Math.Sqrt(fanIn); // Kaiming's √(6 / ((1 + a²) · fan in)) at a = √5
        var values = options.Init == LoraInit.Gaussian ? randn(downShape, generator: random) / rank : empty(downShape).uniform_(-bound, bound, random);
        return new LoraLayer(module, values.to(weight.device), zeros(upShape, device: weight.device), alpha, options);
    }

    private static double Scale(int rank, double alpha, LoraOptions options) => options.RsLora ? alpha / Math.Sqrt(rank) : alpha / rank;

    // scale · up · down = the weight's best approximation of that rank (PiSSA, equations 2 and 3).
    private static (Tensor Up, Tensor Down) Principal(Tensor weight, int rank, double scale)
    {
        var flat = weight.detach().to(ScalarType.Float32).flatten(1).cpu();
        if (rank > Math.Min(flat.shape[0], flat.shape[1]))
            throw new BadInputException($"PiSSA cannot take rank {rank} of a layer of {flat.shape[0]}×{flat.shape[1]}; choose at most {Math.Min(flat.shape[0], flat.shape[1])}.");
        var (up, down) = LowRank.Factors(flat, rank);
        return ((up / Math.Sqrt(scale)).to(weight.device), (down / Math.Sqrt(scale)).to(weight.device));
    }
}
