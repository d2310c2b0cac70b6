using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace NotebookKit.Lora;

/// <summary>
/// One layer of a base with every adapter that hangs on it, in the order in which they were attached. Each computes beside
/// the layer; for the length of a sampling a small layer computes once instead, with a weight into which the changes are
/// added (<see cref="Fold"/>): the base's own weight is set aside meanwhile, and is the same tensor, bit for bit, before
/// and after.
/// </summary>
/// <remarks>Beside a layer of 32 channels two thin convolutions of rank 8 take half as long as the layer.</remarks>
internal sealed class AdaptedLayer
{
    // A larger layer is so much wider than a rank that the thin path costs little, and a second copy of it much.
    private const long LargestFolded = 1 << 19;

    private static readonly ConditionalWeakTable<nn.Module, AdaptedLayer> Known = [];

    private readonly LoraModule _module;
    private readonly List<Adapter> _adapters = [];
    private Action? _unhook;
    private Tensor? _own;
    private int _folds;

    private AdaptedLayer(LoraModule module) => _module = module;

    /// <summary>The layer that a module is.</summary>
    public static AdaptedLayer Of(LoraModule module) => Known.GetValue(module.Layer, _ => new AdaptedLayer(module));

    /// <summary>
    /// Adds the adapters of networks' layers into their weights until disposed: for many passes in which no weight and no
    /// multiplier changes. Several threads may do so, and compute, at once.
    /// </summary>
    /// <param name="networks">The UNet, the text encoder.</param>
    public static IDisposable Fold(params IEnumerable<nn.Module> networks)
    {
        var layers = new List<AdaptedLayer>();
        var folded = new Folded(layers);
        try
        {
            foreach (var module in networks.SelectMany(network => network.modules()))
            {
                if (Known.TryGetValue(module, out var layer) && layer.TryFold())
                    layers.Add(layer);
            }
        }
        catch
        {
            folded.Dispose(); // out of memory, it may be
            throw;
        }

        return folded;
    }

    /// <summary>Hangs an adapter on the layer.</summary>
    public void Add(Adapter adapter)
    {
        _adapters.Add(adapter);
        _unhook ??= _module.Layer.register_forward_hook((_, x, y) => After(x, y)).remove;
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

    private Tensor After(Tensor x, Tensor y)
    {
        foreach (var adapter in _adapters)
            y = _own is null ? adapter.Forward(x, y) : adapter.BiasDelta() is { } bias ? y.add(_module.AcrossOutputs(bias, y)) : y;
        return y;
    }

    private bool TryFold()
    {
        lock (_adapters)
        {
            if (_own is null && !CanFold())
                return false;
            if (_own is null)
                AddUp();
            _folds++;
            return true;
        }
    }

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

    private sealed class Folded(List<AdaptedLayer> layers) : IDisposable
    {
        public void Dispose()
        {
            layers.ForEach(layer => layer.TakeBack());
            layers.Clear();
        }
    }
}
