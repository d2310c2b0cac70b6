using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>Doubles height and width by repeating pixels, then smooths with a 3×3 convolution.</summary>
public sealed class Upsample2D : Module<Tensor, Tensor>
{
    private readonly Conv2d conv;

    /// <summary>Makes the layer.</summary>
    /// <param name="channels">Channels in and out.</param>
    public Upsample2D(int channels) : base(nameof(Upsample2D))
    {
        conv = Layers.Conv2d(channels, channels, 3, padding: 1);
        RegisterComponents();
    }

    /// <summary>Doubles height and width.</summary>
    /// <param name="input">(B, C, H, W).</param>
    /// <returns>(B, C, 2H, 2W).</returns>
    public override Tensor forward(Tensor input) => To(input, input.shape[2] * 2, input.shape[3] * 2);

    /// <summary>Enlarges to a given size, which sizes that do not divide evenly need: the skip connection decides.</summary>
    /// <param name="input">(B, C, H, W).</param>
    /// <param name="height">New height in pixels of this level.</param>
    /// <param name="width">New width.</param>
    /// <returns>(B, C, height, width).</returns>
    public Tensor To(Tensor input, long height, long width)
    {
        using var enlarged = functional.interpolate(input, [height, width], mode: InterpolationMode.Nearest);
        return conv.call(enlarged);
    }
}
