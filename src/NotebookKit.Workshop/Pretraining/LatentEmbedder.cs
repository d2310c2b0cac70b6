using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>
/// The picture's half of the contrastive stage: four convolutions over latents (B, 4, h, w), their mean and their
/// maximum over the picture, one vector of unit length each (B, D).
/// </summary>
internal sealed class LatentEmbedder : Module<Tensor, Tensor>
{
    private readonly Conv2d conv1;
    private readonly Conv2d conv2;
    private readonly Conv2d conv3;
    private readonly Conv2d conv4;
    private readonly Linear projection;

    /// <summary>A fresh network for latents of four channels.</summary>
    /// <param name="width">Length of the vectors.</param>
    public LatentEmbedder(int width)
        : base(nameof(LatentEmbedder))
    {
        conv1 = Layers.Conv2d(4, 32, 3, padding: 1);
        conv2 = Layers.Conv2d(32, 64, 3, stride: 2, padding: 1);
        conv3 = Layers.Conv2d(64, 96, 3, stride: 2, padding: 1);
        conv4 = Layers.Conv2d(96, 128, 3, padding: 1);
        projection = Layers.Linear(256, width);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor latents)
    {
        var x = functional.silu(conv1.call(latents));
        x = functional.silu(conv2.call(x));
        x = functional.silu(conv3.call(x));
        x = functional.silu(conv4.call(x)); // (B, 128, h/4, w/4)
        x = cat([x.mean([2, 3]), x.amax([2, 3])], 1);
        return functional.normalize(projection.call(x), dim: 1);
    }
}
