using NotebookKit.Models;
using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Bench;

/// <summary>
/// The arithmetic of one UNet forward, in multiply-adds: what its convolutions and linear layers multiply by weights, and
/// what attention multiplies with itself. Norms, activations and sums are left out, as is usual.
/// </summary>
/// <param name="Weights">Multiply-adds of convolutions and linear layers.</param>
/// <param name="Attention">Multiply-adds of QKᵀ and of the weighted sum of V.</param>
public sealed record ForwardWork(long Weights, long Attention)
{
    private const int TextLength = 77;

    /// <summary>Floating-point operations of a forward: two for each multiply-add.</summary>
    public long Forward => 2 * (Weights + Attention);

    /// <summary>Operations of a training step that moves adapters: backward goes through every layer, no frozen weight has a gradient;
    /// attention's backward is twice its forward.</summary>
    public long LoraStep => (4 * Weights) + (6 * Attention);

    /// <summary>Operations of a training step that moves every weight: each layer's backward is twice its forward.</summary>
    public long FullStep => 3 * Forward;

    /// <summary>Counts a UNet's layers as one picture goes through them, on the device <c>meta</c>: nothing is computed.</summary>
    /// <param name="config">The UNet's shape.</param>
    /// <param name="side">Height and width of the latents.</param>
    public static ForwardWork Of(UNet2DConditionConfig config, int side)
    {
        MetaKernels.Use();
        var meta = META;
        using var onMeta = Layers.Uninitialised(meta, ScalarType.Float32);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        using var unet = new UNet2DConditionModel(config);
        var (weights, attention) = (0L, 0L);
        foreach (var module in unet.modules())
        {
            switch (module)
            {
                case Conv2d convolution:
                    convolution.register_forward_hook((_, _, output) => Weighed(convolution.weight!, output, output.shape[1]));
                    break;
                case Linear linear:
                    linear.register_forward_hook((_, _, output) => Weighed(linear.weight!, output, output.shape[^1]));
                    break;
                case Attention attend:
                    attend.register_forward_hook((_, hidden, context, output) =>
                    {
                        attention += 2 * hidden.shape[0] * hidden.shape[1] * context.shape[1] * hidden.shape[2];
                        return output;
                    });
                    break;
                default:
                    break;
            }
        }

        unet.call(empty([1, config.InChannels, side, side], device: meta), empty([1], device: meta),
            empty([1, TextLength, config.CrossAttentionDim], device: meta));
        return new ForwardWork(weights, attention);

        // Every output channel's element takes as many multiply-adds as it has weights.
        Tensor Weighed(Tensor weight, Tensor output, long channels)
        {
            weights += output.numel() * (weight.numel() / channels);
            return output;
        }
    }
}
