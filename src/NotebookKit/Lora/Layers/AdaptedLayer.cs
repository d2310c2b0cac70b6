using System.Runtime.CompilerServices;
using NotebookKit.Torch;
using static TorchSharp.torch;

namespace NotebookKit.Lora;

/// <summary>
/// One layer of a base with every adapter that hangs on it, in the order in which they were attached. While gradients are
/// recorded, and as long as a training runs, each computes beside the layer. Otherwise a small layer computes once, with a
/// weight into which the changes are added: the base's own weight is set aside for the length of the call, and is the
/// same tensor, bit for bit, before and after.
/// </summary>
/// <remarks>
/// Beside a layer of 32 channels two thin convolutions of rank 8 take half as long as the layer; added up once for each
/// change of a multiplier they take nothing. Not safe to call from several threads at once.
/// </remarks>
internal sealed class AdaptedLayer
{
    // A larger layer is so much wider than a rank that the thin path costs little, and a second copy of it much.
    private const long LargestFolded = 1 << 19;

    private static readonly ConditionalWeakTable<nn.Module, AdaptedLayer> Known = [];
    private static int _beside;

    private readonly LoraModule _module;
    private readonly List<Adapter> _adapters = [];
    private Action? _unhook;
    private Tensor? _folded;
    private Tensor? _own;
    private long _version;
    private double[] _multipliers = [];

    private AdaptedLayer(LoraModule module) => _module = module;

    /// <summary>The layer that a module is.</summary>
    public static AdaptedLayer Of(LoraModule module) => Known.GetValue(module.Layer, _ => new AdaptedLayer(module));

    /// <summary>
    /// Until it is disposed every layer computes beside its adapters: in a training, whose weights change at each step,
    /// and for a single pass, adding up would cost a copy of the weights and save nothing.
    /// </summary>
    public static IDisposable ComputeBeside()
    {
        Interlocked.Increment(ref _beside);
        return new Beside();
    }

    /// <summary>Hangs an adapter on the layer.</summary>
    public void Add(Adapter adapter)
    {
        Reset();
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
        Reset();
        _adapters.Remove(adapter);
        if (_adapters.Count > 0)
            return;
        _unhook?.Invoke();
        _unhook = null;
    }

    private Tensor Before(Tensor x)
    {
        TakeBack(); // a call that ended in an exception had no after
        if (is_grad_enabled() || _beside > 0)
        {
            Forget(); // training needs the memory
            return x;
        }

        if (!CanFold() || !_adapters.Exists(adapter => adapter.Multiplier != 0))
            return x;
        if (!IsFresh())
            Fold();
        _own = _module.Weight.detach().DetachFromDisposeScope();
        _module.Weight.set_data(_folded!);
        return x;
    }

    private Tensor After(Tensor x, Tensor y)
    {
        var folded = _own is not null;
        TakeBack();
        foreach (var adapter in _adapters)
            y = !folded ? adapter.Forward(x, y) : adapter.BiasDelta() is { } bias ? y.add(_module.AcrossOutputs(bias, y)) : y;
        return y;
    }

    private bool CanFold() =>
        _module.Weight.NumberOfElements <= LargestFolded && _module.Weight.dtype == ScalarType.Float32 && !TorchExtras.InCheckpoint
        && TorchExtras.VersionOf(_module.Weight) is not null && _adapters.TrueForAll(adapter => adapter.DType == ScalarType.Float32);

    // Weights change in place: by a training, by a merge, by who tries something out.
    private long Version() => (TorchExtras.VersionOf(_module.Weight) ?? 0) + _adapters.Sum(adapter => adapter.Version);

    private bool IsFresh()
    {
        if (_folded is null || _version != Version())
            return false;
        for (var i = 0; i < _adapters.Count; i++)
        {
            if (_multipliers[i] != _adapters[i].Multiplier)
                return false;
        }

        return true;
    }

    // The same sum as a merge makes, so that both draw the same picture.
    private void Fold()
    {
        Forget();
        using var scope = NewDisposeScope();
        var sum = _module.Weight.detach().clone();
        foreach (var adapter in _adapters.Where(adapter => adapter.Multiplier != 0))
            sum.add_(adapter.Delta().reshape(sum.shape));
        (_version, _multipliers) = (Version(), [.. _adapters.Select(adapter => adapter.Multiplier)]);
        _folded = sum.DetachFromDisposeScope();
    }

    private void TakeBack()
    {
        if (_own is null)
            return;
        _module.Weight.set_data(_own);
        _own.Dispose();
        _own = null;
    }

    private void Reset()
    {
        TakeBack();
        Forget();
    }

    private void Forget()
    {
        _folded?.Dispose();
        _folded = null;
    }

    private sealed class Beside : IDisposable
    {
        private int _over;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _over, 1) == 0)
                Interlocked.Decrement(ref _beside);
        }
    }
}
