using NotebookKit.Lora.Files;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Lora.Adapters;

/// <summary>
/// What hangs beside one layer and changes its output: <c>y = W x + multiplier · ΔW x</c>. A kind says what ΔW is
/// (<see cref="Change"/>); where it can multiply by it with less work than by a whole matrix, it says how (<see cref="Add"/>).
/// </summary>
public abstract class Adapter : IDisposable
{
    private readonly Module<Tensor, Tensor> _target;

    /// <summary>An adapter of a layer.</summary>
    /// <param name="target">A Linear or a Conv2d; a norm where a file adapts one.</param>
    private protected Adapter(Module<Tensor, Tensor> target) => (_target, Convolution) = (target, target as Conv2d);

    /// <summary>How strongly the adapter counts: 0 is off, 1 as trained; any number works.</summary>
    public double Multiplier { get; set; } = 1;

    /// <summary>The kind's name: LoRA, DoRA, LoHa and so on.</summary>
    public abstract string Kind { get; }

    /// <summary>What training moves; empty for an adapter that is only read.</summary>
    public abstract IEnumerable<Parameter> Parameters { get; }

    /// <summary>The type in which the adapter counts.</summary>
    internal abstract ScalarType DType { get; }

    /// <summary>Whether its change can be added to the weight in a training step instead of counting beside it.</summary>
    internal virtual bool CanSum => false;

    /// <summary>The adapted layer where it is a convolution.</summary>
    private protected Conv2d? Convolution { get; }

    /// <summary>The shape of the layer's weight: (out, in), (out, in, k, k), or (channels) of a norm.</summary>
    private protected long[] WeightShape => LoraModule.WeightOf(_target).shape;

    /// <summary>Adds the adapter's share to what the layer made of its input.</summary>
    /// <param name="x">The layer's input: (…, in) or (B, in, H, W).</param>
    /// <param name="y">The layer's own output: (…, out) or (B, out, H', W').</param>
    /// <returns>y itself when the multiplier is 0, else y and the adapter's share.</returns>
    public Tensor Forward(Tensor x, Tensor y) => Multiplier == 0 ? y : Add(x, y);

    /// <summary>
    /// The change that the adapter makes to the layer's weight at its multiplier, ΔW, in the weight's own shape: (out, in)
    /// or (out, in, k, k).
    /// </summary>
    public Tensor Delta()
    {
        using var grad = no_grad();
        return Change() * Multiplier;
    }

    /// <summary>The change of the layer's bias at the multiplier, (out); null for none.</summary>
    public virtual Tensor? BiasDelta() => null;

    /// <summary>What a file is to hold of the adapter; its tensors are the adapter's own.</summary>
    /// <param name="module">The layer's kohya name.</param>
    public abstract AdapterWeights Weights(string module);

    /// <summary>Frees the weights.</summary>
    public virtual void Dispose()
    {
        foreach (var parameter in Parameters)
            parameter.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>ΔW at multiplier 1 in the weight's shape, gradients recorded where they are asked for.</summary>
    private protected abstract Tensor Change();

    /// <summary>The share at a multiplier other than 0: the layer's own arithmetic with ΔW for its weight.</summary>
    private protected virtual Tensor Add(Tensor x, Tensor y) => AddWhole(x, y);

    /// <summary>The weight with the change at a multiplier other than 0 added, through which backward goes.</summary>
    /// <param name="weight">(out, in) or (out, in, k, k).</param>
    internal virtual Tensor AddTo(Tensor weight) => AddWholeTo(weight);

    private protected Tensor AddWhole(Tensor x, Tensor y) => y.add(Apply(x.to(DType), Change()).to(y.dtype), Multiplier);

    private protected Tensor AddWholeTo(Tensor weight) => weight.add(Change(), Multiplier);

    /// <summary>The layer's own arithmetic with another weight and bias.</summary>
    internal Tensor Apply(Tensor x, Tensor weight, Tensor? bias = null) => _target switch
    {
        Conv2d convolution => functional.conv2d(x, weight, bias, convolution.stride, convolution.padding, convolution.dilation),
        GroupNorm norm => functional.group_norm(x, norm.num_groups, weight, bias, norm.eps),
        LayerNorm norm => functional.layer_norm(x, norm.normalized_shape, weight, bias, norm.eps),
        _ => functional.linear(x, weight, bias),
    };

    /// <summary>Values as the adapter's own parameter, frozen until training asks for gradients.</summary>
    private protected static Parameter Own(Tensor values)
    {
        var parameter = new Parameter(values.detach(), requires_grad: false);
        parameter.DetachFromDisposeScope();
        return parameter;
    }
}
