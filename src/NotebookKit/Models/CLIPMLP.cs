using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>The text encoder's perceptron: wider, activation, back.</summary>
public sealed class CLIPMLP : Module<Tensor, Tensor>
{
    private readonly Linear fc1;
    private readonly Linear fc2;
    private readonly bool quick;

    /// <summary>Makes the perceptron.</summary>
    /// <param name="config">The text encoder's shape.</param>
    public CLIPMLP(CLIPTextConfig config) : base(nameof(CLIPMLP))
    {
        ArgumentNullException.ThrowIfNull(config);
        quick = config.HiddenAct == "quick_gelu";
        fc1 = Layers.Linear(config.HiddenSize, config.IntermediateSize);
        fc2 = Layers.Linear(config.IntermediateSize, config.HiddenSize);
        RegisterComponents();
    }

    /// <summary>Applies the perceptron.</summary>
    /// <param name="hidden">(B, L, D).</param>
    /// <returns>(B, L, D).</returns>
    public override Tensor forward(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        var wide = fc1.call(hidden); // (B, L, intermediate)
        // OpenAI trained CLIP with x·σ(1.702x), a cheap stand-in for GELU; the weights expect it.
        var activated = quick ? wide * (wide * 1.702).sigmoid() : functional.gelu(wide);
        return fc2.call(activated).MoveToOuterDisposeScope();
    }
}
