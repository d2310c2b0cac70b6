using static TorchSharp.torch;

namespace NotebookKit.Training.Optimizers;

/// <summary>
/// A moving average of the trained weights (Polyak &amp; Juditsky 1992), often better than the last of them. After n updates
/// it keeps min(decay, (1 + n) / (10 + n)) of itself: a short run's average would otherwise still be its first weights.
/// It is kept in float32, and of weights in half precision it averages the float32 copies: rounded weights hardly differ
/// from step to step.
/// </summary>
public sealed class EmaWeights : IDisposable
{
    private const long Piece = 1 << 20;

    private readonly IReadOnlyList<OptimizerGroup> _groups;
    private readonly List<Tensor> _averages; // (P) of each group
    private readonly double _decay;

    /// <summary>Starts the average at the weights as they are.</summary>
    /// <param name="groups">What is trained.</param>
    /// <param name="decay">What part of the average an update keeps at most, in [0, 1).</param>
    /// <exception cref="BadInputException">The decay is out of range.</exception>
    public EmaWeights(IReadOnlyList<OptimizerGroup> groups, double decay)
    {
        if (decay is not (>= 0 and < 1))
            throw new BadInputException($"The EMA's decay must be from 0 to below 1, not {decay}; 0.999 is usual, 0.9999 for long runs.");
        ArgumentNullException.ThrowIfNull(groups);
        (_groups, _decay) = (groups, decay);
        _averages = [.. groups.Select(group => group.Weights.clone().DetachFromDisposeScope())];
    }

    /// <summary>How many updates there were.</summary>
    public long Updates { get; private set; }

    /// <summary>What the next update keeps of the average.</summary>
    public double NextDecay => Math.Min(_decay, (1.0 + Updates) / (10 + Updates));

    /// <summary>Moves the average towards the weights; once after each optimizer step.</summary>
    public void Update()
    {
        using var grad = no_grad();
        foreach (var (average, group) in _averages.Zip(_groups))
            average.mul_(NextDecay).add_(group.Weights, 1 - NextDecay);
        Updates++;
    }

    /// <summary>Puts the average in the weights' place until disposed: for sampling, or for saving.</summary>
    public IDisposable Swap()
    {
        Exchange();
        return new SwappedBack(this);
    }

    /// <summary>The state as it is now, sharing memory: <c>1</c> is group 1's average, <c>updates</c> their number.</summary>
    public Dictionary<string, Tensor> SaveState()
    {
        var saved = _averages.Select((average, index) => ($"{index}", average.alias())).ToDictionary(pair => pair.Item1,
            pair => pair.Item2);
        saved["updates"] = tensor(Updates);
        return saved;
    }

    /// <summary>Goes on from what <see cref="SaveState"/> gave, to the bit.</summary>
    /// <param name="saved">Read, and copied.</param>
    /// <exception cref="BadInputException">It is of other weights.</exception>
    public void LoadState(IReadOnlyDictionary<string, Tensor> saved)
    {
        ArgumentNullException.ThrowIfNull(saved);
        if (saved.Count != _averages.Count + 1 || !saved.TryGetValue("updates", out var updates)
            || _averages.Where((average, i) => saved.GetValueOrDefault($"{i}")?.numel() != average.numel()).Any())
            throw new BadInputException("The EMA's state is of other weights than are trained; it belongs to a run with other settings.");
        using var grad = no_grad();
        for (var i = 0; i < _averages.Count; i++)
            _averages[i].copy_(saved[$"{i}"]);
        Updates = updates.item<long>();
    }

    /// <inheritdoc/>
    public void Dispose() => _averages.ForEach(average => average.Dispose());

    private void Exchange()
    {
        using var grad = no_grad();
        foreach (var (average, group) in _averages.Zip(_groups))
        {
            // In pieces: a copy of everything is what a run that just fits has no room for.
            for (var start = 0L; start < average.numel(); start += Piece)
            {
                using var scope = NewDisposeScope();
                var length = Math.Min(Piece, average.numel() - start);
                var (here, there) = (group.Weights.narrow(0, start, length), average.narrow(0, start, length));
                var kept = here.clone();
                here.copy_(there);
                there.copy_(kept);
            }

            group.GiveBack();
        }
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
