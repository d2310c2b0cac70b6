using NotebookKit.Lora.Files;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Lora.Adapters;

/// <summary>What hangs beside one layer and changes its output: <c>y = W x + multiplier · ΔW x</c>.</summary>
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

    /// <summary>The adapted layer where it is a convolution.</summary>
    private protected Conv2d? Convolution { get; }

    /// <summary>Adds the adapter's share to what the layer made of its input.</summary>
    /// <param name="x">The layer's input: (…, in) or (B, in, H, W).</param>
    /// <param name="y">The layer's own output: (…, out) or (B, out, H', W'); it may be written into where no gradient is asked for.</param>
    /// <returns>y itself when the multiplier is 0, else y and the adapter's share.</returns>
    public Tensor Forward(Tensor x, Tensor y) => Multiplier == 0 ? y : Add(x, y);

    /// <summary>
    /// The change that the adapter makes to the layer's weight at its multiplier, ΔW, in the weight's own shape: (out, in)
    /// or (out, in, k, k).
    /// </summary>
    public abstract Tensor Delta();

    /// <summary>The change of the layer's bias at the multiplier, (out); null for none.</summary>
    public virtual Tensor? BiasDelta() => null;

    /// <summary>What a file is to hold of the adapter.</summary>
    /// <param name="module">The layer's kohya name.</param>
    public abstract AdapterWeights Weights(string module);

    /// <summary>Frees the weights.</summary>
    public abstract void Dispose();

    /// <summary>The share at a multiplier other than 0.</summary>
    private protected abstract Tensor Add(Tensor x, Tensor y);

    /// <summary>The layer's own arithmetic with another weight and bias.</summary>
    internal Tensor Apply(Tensor x, Tensor weight, Tensor? bias = null) => _target switch
    {
        Conv2d convolution => functional.conv2d(x, weight, bias, convolution.stride, convolution.padding, convolution.dilation),
        GroupNorm norm => functional.group_norm(x, norm.num_groups, weight, bias, norm.eps),
        LayerNorm norm => functional.layer_norm(x, norm.normalized_shape, weight, bias, norm.eps),
        _ => functional.linear(x, weight, bias),
    };
}

/// <summary>An adapter whose change was put together once, when it was loaded: every kind but plain LoRA.</summary>
/// <remarks>It holds as many numbers as the layer's weight; merge it where memory is short.</remarks>
internal sealed class DeltaAdapter : Adapter
{
    private readonly LoraModule _module;
    private readonly AdapterWeights _weights;
    private readonly Tensor _delta;
    private readonly Tensor? _bias;

    /// <summary>The adapter of a file for a layer.</summary>
    /// <exception cref="BadInputException">It was made for a layer of another shape.</exception>
    public DeltaAdapter(LoraModule module, AdapterWeights weights) : base(module.Layer)
    {
        using var scope = NewDisposeScope();
        (_module, _weights) = (module, weights);
        _delta = weights.Delta(module.Weight.detach().cpu()).to(module.Weight.device).DetachFromDisposeScope();
        _bias = weights.Bias?.to(module.Weight.device, copy: true).DetachFromDisposeScope();
        foreach (var tensor in _weights.Tensors)
            tensor.DetachFromDisposeScope();
    }

    public override string Kind => _weights.Kind;

    public override IEnumerable<Parameter> Parameters => [];

    internal override ScalarType DType => _delta.dtype;

    public override Tensor Delta() => _delta * Multiplier;

    public override Tensor? BiasDelta() => _bias is null ? null : _bias * Multiplier;

    public override AdapterWeights Weights(string module) => _weights with { Module = module };

    public override void Dispose()
    {
        _delta.Dispose();
        _bias?.Dispose();
        foreach (var tensor in _weights.Tensors)
            tensor.Dispose();
    }

    private protected override Tensor Add(Tensor x, Tensor y)
    {
        var share = Apply(x.to(_delta.dtype), _delta);
        if (_bias is not null)
            share = share + _module.AcrossOutputs(_bias, share);
        return y.add(share.to(y.dtype), Multiplier);
    }
}
