using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Training.Optimizers;

/// <summary>
/// A moving average of the trained weights (Polyak &amp; Juditsky 1992), often better than the last of them. After n updates
/// it keeps min(decay, (1 + n) / (10 + n)) of itself: a short run's average would otherwise still be its first weights.
/// It is kept in float32, and of weights in half precision it averages the float32 masters: rounded weights hardly differ
/// from step to step.
/// </summary>
public sealed class EmaWeights : IDisposable
{
    private readonly IReadOnlyList<Parameter> _weights;
    private readonly MasterWeights? _masters;
    private readonly List<Tensor> _averages;
    private readonly double _decay;

    /// <summary>Starts the average at the weights as they are.</summary>
    /// <param name="weights">What is trained.</param>
    /// <param name="decay">What part of the average an update keeps at most, in [0, 1).</param>
    /// <param name="masters">The float32 copies of those in half precision; null where there are none.</param>
    /// <exception cref="BadInputException">The decay is out of range.</exception>
    public EmaWeights(IReadOnlyList<Parameter> weights, double decay, MasterWeights? masters = null)
    {
        if (decay is not (>= 0 and < 1))
            throw new BadInputException($"The EMA's decay must be from 0 to below 1, not {decay}; 0.999 is usual, 0.9999 for long runs.");
        using var grad = no_grad();
        ArgumentNullException.ThrowIfNull(weights);
        _weights = masters is null ? weights : [.. weights.Select(masters.Of)];
        _masters = masters;
        _decay = decay;
        _averages = [.. _weights.Select(weight => weight.detach().to(ScalarType.Float32, copy: true).DetachFromDisposeScope())];
    }

    /// <summary>How many updates there were.</summary>
    public long Updates { get; private set; }

    /// <summary>What the next update keeps of the average.</summary>
    public double NextDecay => Math.Min(_decay, (1.0 + Updates) / (10 + Updates));

    /// <summary>Moves the average towards the weights; once after each optimizer step.</summary>
    public void Update()
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (average, weight) in _averages.Zip(_weights))
            average.mul_(NextDecay).add_(weight, 1 - NextDecay);
        Updates++;
    }

    /// <summary>Puts the average in the weights' place until disposed: for sampling, or for saving.</summary>
    public IDisposable Swap()
    {
        Exchange();
        return new SwappedBack(this);
    }

    /// <summary>The state as copies of tensors: <c>3</c> is weight 3's average, <c>updates</c> their number.</summary>
    public Dictionary<string, Tensor> SaveState()
    {
        var saved = _averages.Select((average, index) => ($"{index}", average.clone())).ToDictionary(pair => pair.Item1, pair => pair.Item2);
        saved["updates"] = tensor(Updates);
        return saved;
    }

    /// <summary>Goes on from what <see cref="SaveState"/> gave, to the bit.</summary>
    /// <param name="saved">Read, and copied.</param>
    /// <exception cref="BadInputException">It is of other weights.</exception>
    public void LoadState(IReadOnlyDictionary<string, Tensor> saved)
    {
        if (saved.Count != _averages.Count + 1 || !saved.TryGetValue("updates", out var updates))
            throw new BadInputException($"The EMA's state has {saved.Count - 1} weights, but {_averages.Count} are trained; it belongs to a run with other settings.");
        using var grad = no_grad();
        for (var i = 0; i < _averages.Count; i++)
            _averages[i].copy_(saved[$"{i}"]);
        Updates = updates.item<long>();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var average in _averages)
            average.Dispose();
    }

    private void Exchange()
    {
        using var grad = no_grad();
        foreach (var (weight, average) in _weights.Zip(_averages))
        {
            using var kept = weight.detach().to(ScalarType.Float32, copy: true);
            weight.copy_(average);
            average.copy_(kept);
        }

        _masters?.GiveBack();
    }

    private sealed class SwappedBack(EmaWeights owner) : IDisposable
    {
        private bool _done;

        public void Dispose()
        {
            if (!_done)
                owner.Exchange();
            _done = true;
        }
    }
}
