using NotebookKit.Lora.Files;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Adapters;

/// <summary>An adapter whose change was put together once, when it was loaded: every kind that is read and not trained.</summary>
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
        _module = module;
        // Handles of its own: the file's content may be attached again, and described after this is gone.
        _weights = weights.With(tensor => tensor.alias().DetachFromDisposeScope());
        _delta = weights.Delta(module.Weight.detach().cpu()).to(module.Weight.device).DetachFromDisposeScope();
        _bias = weights.Bias?.to(module.Weight.device, copy: true).DetachFromDisposeScope();
    }

    public override string Kind => _weights.Kind;

    public override IEnumerable<Parameter> Parameters => [];

    internal override ScalarType DType => _delta.dtype;

    public override Tensor? BiasDelta() => _bias is null ? null : _bias * Multiplier;

    public override AdapterWeights Weights(string module) => _weights with { Module = module };

    public override void Dispose()
    {
        _delta.Dispose();
        _bias?.Dispose();
        foreach (var tensor in _weights.Tensors.Concat(_weights.Shared.Select(shared => shared.Tensor)))
            tensor.Dispose();
        base.Dispose();
    }

    private protected override Tensor Change() => _delta;

    private protected override Tensor Add(Tensor x, Tensor y)
    {
        if (_bias is null)
            return base.Add(x, y);
        var share = Apply(x.to(_delta.dtype), _delta);
        return y.add((share + _module.AcrossOutputs(_bias, share)).to(y.dtype), Multiplier);
    }
}
