using System.Runtime.CompilerServices;
using NotebookKit.Models;
using NotebookKit.Tensors;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Adapters;

/// <summary>
/// One layer of a base with every adapter that hangs on it, in the order in which they were attached. Each computes beside
/// the layer, W x + ΔW x, with two thin products. A small layer computes once instead, (W + ΔW) x, since there the number of
/// products counts and not their size: in a training step with a sum that backward goes through, for the length of a
/// sampling with a sum made once (<see cref="FoldedWeights"/>). The base's own weight is the same tensor, bit for bit, before and after.
/// </summary>
internal sealed class AdaptedLayer
{
    // A larger layer is so much wider than a rank that the thin path costs little, and a second copy of it much.
    internal const long LargestFolded = 1 << 19;

    // Beyond it the gradient of a whole weight, which the sum asks for, costs more than the products that it saves.
    internal const long LargestSummed = 1 << 14;

    private static readonly ConditionalWeakTable<nn.Module, AdaptedLayer> Known = [];

    private readonly LoraModule _module;
    private readonly List<Adapter> _adapters = [];
    private Action? _unhook;
    private Tensor? _own;
    private int _folds;
    private Tensor? _summed;

    private AdaptedLayer(LoraModule module) => _module = module;

    /// <summary>The layer that a module is.</summary>
    public static AdaptedLayer Of(LoraModule module) => Known.GetValue(module.Layer, layer =>
    {
        var adapted = new AdaptedLayer(module);
        FoldedWeights.Register(layer, adapted.Fold);
        return adapted;
    });

    /// <summary>Hangs an adapter on the layer.</summary>
    public void Add(Adapter adapter)
    {
        _adapters.Add(adapter);
        if (_unhook is not null)
            return;
        var before = _module.Layer.register_forward_pre_hook((_, x) => Before(x));
        var after = _module.Layer.register_forward_hook((_, x, y) => After(x, y));
        _unhook = () =>
        {
            before.remove();
            after.remove();
        };
    }

    /// <summary>Takes an adapter off; without any, the layer is as if there had never been one.</summary>
    public void Remove(Adapter adapter)
    {
        _adapters.Remove(adapter);
        if (_adapters.Count > 0)
            return;
        _unhook?.Invoke();
        _unhook = null;
    }

    // The layer itself is given no rows where After will compute in its stead.
    private Tensor Before(Tensor x)
    {
        _summed = GradientCheckpoint.Recording && CanSum() ? x : null; // a call that failed before After may have left one
        return _summed?.narrow(0, 0, 0) ?? x;
    }

    private Tensor After(Tensor x, Tensor y)
    {
        if (_summed is { } whole)
        {
            _summed = null;
            Tensor weight = _module.Weight;
            foreach (var adapter in _adapters)
                weight = ((LoraLayer)adapter).AddTo(weight);
            return _adapters[0].Apply(whole, weight, _module.Bias);
        }

        foreach (var adapter in _adapters)
            y = _own is null ? adapter.Forward(x, y) : adapter.BiasDelta() is { } bias ? y.add(_module.AcrossOutputs(bias, y)) : y;
        return y;
    }

    private Folded? Fold()
    {
        lock (_adapters)
        {
            if (_own is null && !CanFold())
                return null;
            if (_own is null)
                AddUp();
            _folds++;
            return new(this);
        }
    }

    private bool CanSum() =>
        _own is null && _module.Weight.NumberOfElements <= LargestSummed && _module.Weight.dtype == ScalarType.Float32
        && _adapters.TrueForAll(adapter => adapter is LoraLayer { CanSum: true });

    private bool CanFold() =>
        _adapters.Exists(adapter => adapter.Multiplier != 0) && _module.Weight.NumberOfElements <= LargestFolded
        && _module.Weight.dtype == ScalarType.Float32 && _adapters.TrueForAll(adapter => adapter.DType == ScalarType.Float32);

    // The same sum as a merge makes, so that both draw the same picture.
    private void AddUp()
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var own = _module.Weight.detach();
        var sum = own.clone();
        foreach (var adapter in _adapters.Where(adapter => adapter.Multiplier != 0))
            sum.add_(adapter.Delta().reshape(sum.shape));
        _module.Weight.set_(sum);
        _own = own.DetachFromDisposeScope();
    }

    private void TakeBack()
    {
        lock (_adapters)
        {
            if (--_folds > 0)
                return;
            using var grad = no_grad();
            _module.Weight.set_(_own!);
            _own!.Dispose();
            _own = null;
        }
    }

    private sealed class Folded(AdaptedLayer layer) : IDisposable
    {
        private AdaptedLayer? _layer = layer;

        public void Dispose()
        {
            _layer?.TakeBack();
            _layer = null;
        }
    }
}
