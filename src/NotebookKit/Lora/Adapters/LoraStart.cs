using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Adapters;

/// <summary>What a new LoRA begins with; its output is the base's, bit for bit.</summary>
internal static class LoraStart
{
    /// <summary>A new adapter of a layer.</summary>
    public static LoraLayer Layer(LoraModule module, LoraOptions options, Generator random)
    {
        using var scope = NewDisposeScope();
        var (rank, alpha) = options.For(module);
        if (options.RsLora)
            alpha = alpha / Math.Sqrt(rank) * rank; // so that alpha / rank is rsLoRA's alpha / √rank
        var dropout = new LoraDropout(options.Dropout);
        var weight = module.Weight;                                                // (out, in) or (out, in, k, k)
        long[] downShape = [rank, .. weight.shape[1..]];
        long[] upShape = module.Layer is Conv2d ? [weight.shape[0], rank, 1, 1] : [weight.shape[0], rank];
        if (options.Init == LoraInit.Pissa)
        {
            var (principalDown, principalUp) = PissaLayer.Principal(weight, rank, alpha / rank);
            return new PissaLayer(module.Layer, principalDown.reshape(downShape), principalUp.reshape(upShape),
                alpha)
            { Dropout = dropout };
        }

        var fanIn = weight.shape[1..].Aggregate(1L, (product, size) => product * size);
        var bound = 1 / Math.Sqrt(fanIn); // Kaiming's √(6 / ((1 + a²) · fan in)) at a = √5
        var values = options.Init == LoraInit.Gaussian ? randn(downShape, generator: random) / rank
            : empty(downShape).uniform_(-bound, bound, random);
        var (down, up) = (values.to(weight.device), zeros(upShape, device: weight.device));
        return options.Dora is { } norm
            ? new DoraLayer(module, down, up, alpha, norm) { Dropout = dropout }
            : new LoraLayer(module.Layer, down, up, alpha) { Dropout = dropout };
    }
}
