using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>One layer of the text encoder: attention and perceptron, each after its norm and added back.</summary>
public sealed class CLIPEncoderLayer : Module<Tensor, Tensor, Tensor>
{
    private readonly CLIPAttention self_attn;
    private readonly LayerNorm layer_norm1;
    private readonly CLIPMLP mlp;
    private readonly LayerNorm layer_norm2;

    /// <summary>Makes the layer.</summary>
    /// <param name="config">The text encoder's shape.</param>
    public CLIPEncoderLayer(CLIPTextConfig config) : base(nameof(CLIPEncoderLayer))
    {
        ArgumentNullException.ThrowIfNull(config);
        self_attn = new CLIPAttention(config);
        layer_norm1 = Layers.LayerNorm(config.HiddenSize, config.LayerNormEps);
        mlp = new CLIPMLP(config);
        layer_norm2 = Layers.LayerNorm(config.HiddenSize, config.LayerNormEps);
        RegisterComponents();
    }

    /// <summary>Applies the layer.</summary>
    /// <param name="hidden">(B, L, D).</param>
    /// <param name="mask">As <see cref="CLIPAttention.forward"/> takes it.</param>
    /// <returns>(B, L, D).</returns>
    public override Tensor forward(Tensor hidden, Tensor mask)
    {
        using var scope = NewDisposeScope();
        hidden = hidden + self_attn.call(layer_norm1.call(hidden), mask);
        hidden = hidden + mlp.call(layer_norm2.call(hidden));
        return hidden.MoveToOuterDisposeScope();
    }
}
