using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>The two-layer perceptron that turns the sinusoidal timestep embedding into what the residual blocks add.</summary>
public sealed class TimestepEmbedding : Module<Tensor, Tensor>
{
    private readonly Linear linear_1;
    private readonly Linear linear_2;

    /// <summary>Makes the perceptron.</summary>
    /// <param name="inChannels">Width of the sinusoidal embedding.</param>
    /// <param name="embeddingDim">Width of both layers' output; four times the first level's channels in Stable Diffusion.</param>
    public TimestepEmbedding(int inChannels, int embeddingDim) : base(nameof(TimestepEmbedding))
    {
        linear_1 = Layers.Linear(inChannels, embeddingDim);
        linear_2 = Layers.Linear(embeddingDim, embeddingDim);
        RegisterComponents();
    }

    /// <summary>linear, SiLU, linear.</summary>
    /// <param name="sample">(B, inChannels).</param>
    /// <returns>(B, embeddingDim).</returns>
    public override Tensor forward(Tensor sample)
    {
        using var scope = NewDisposeScope();
        return linear_2.call(functional.silu(linear_1.call(sample))).MoveToOuterDisposeScope();
    }
}
