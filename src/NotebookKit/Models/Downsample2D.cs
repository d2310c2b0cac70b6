using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>Halves height and width by a 3×3 convolution of stride 2.</summary>
public sealed class Downsample2D : Module<Tensor, Tensor>
{
    private readonly Conv2d conv;
    private readonly int padding;

    /// <summary>Makes the layer.</summary>
    /// <param name="channels">Channels in and out.</param>
    /// <param name="padding">1 in the UNet; 0 in the VAE, which pads only right and bottom.</param>
    public Downsample2D(int channels, int padding) : base(nameof(Downsample2D))
    {
        this.padding = padding;
        conv = Layers.Conv2d(channels, channels, 3, stride: 2, padding: padding);
        RegisterComponents();
    }

    /// <summary>Applies the layer.</summary>
    /// <param name="input">(B, C, H, W).</param>
    /// <returns>(B, C, ⌈H/2⌉, ⌈W/2⌉) in the UNet, (B, C, ⌊H/2⌋, ⌊W/2⌋) in the VAE.</returns>
    public override Tensor forward(Tensor input)
    {
        if (padding > 0)
            return conv.call(input);
        using var padded = functional.pad(input, [0L, 1L, 0L, 1L]); // left, right, top, bottom
        return conv.call(padded);
    }
}
