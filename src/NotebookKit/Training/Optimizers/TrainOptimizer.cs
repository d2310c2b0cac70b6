using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Training.Optimizers;

/// <summary>
/// What the optimizers share: groups of parameters, each one vector; for each group a number of steps and some named
/// tensors, which make up the state that a checkpoint keeps; and the way through a vector in pieces, so that a step's
/// temporaries are a piece's and never the whole model's.
/// </summary>
public abstract class TrainOptimizer : IDisposable
{
    // A core's cache holds a piece of weights, gradient and two averages; a GPU wants longer ones to be busy.
    internal const long CpuPiece = 1 << 16;
    internal const long GpuPiece = 1 << 24;

    private readonly List<GroupState> _states;

    private protected TrainOptimizer(IEnumerable<OptimizerGroup> groups)
    {
        Groups = [.. groups];
        _states = [.. Groups.Select(_ => new GroupState())];
    }

    /// <summary>What is trained, with its rates. The optimizer frees the groups.</summary>
    public IReadOnlyList<OptimizerGroup> Groups { get; }

    /// <summary>How many steps have moved what learns longest.</summary>
    public long Steps => _states.Max(state => state.Step);

    /// <summary>The length of the gradient of all that learns; it waits for the device.</summary>
    public double GradientNorm()
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var lengths = new List<Tensor>();
        // In float32 at least, for squares of half-precision numbers leave its range; in pieces, for they are copies then.
        foreach (var gradient in Groups.Where(group => group.Learns).Select(group => group.Gradient))
        {
            for (var start = 0L; start < gradient.numel(); start += GpuPiece)
            {
                using var piece = NewDisposeScope();
                lengths.Add(linalg.vector_norm(Scaled(gradient.narrow(0, start, Math.Min(GpuPiece, gradient.numel() - start)), 1))
                    .to(ScalarType.Float64).MoveToOuterDisposeScope());
            }
        }

        return lengths.Count == 0 ? 0 : linalg.vector_norm(stack(lengths)).item<double>();
    }

    /// <summary>Moves every group that learns.</summary>
    /// <param name="factor">What the gradients are multiplied by first: clipping, a scaled loss.</param>
    public void Step(double factor = 1)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        Update(factor);
        foreach (var group in Groups)
            group.GiveBack();
    }

    /// <summary>Sets all gradients to 0.</summary>
    public void ZeroGradient()
    {
        foreach (var group in Groups)
            group.ZeroGradient();
    }

    /// <summary>The state as it is now: <c>1.exp_avg</c> is group 1's, <c>1.step</c> its steps, <c>1.master</c> its float32 copies.
    /// The tensors share the optimizer's memory, so that writing them takes none; copy what is to outlast the next step.</summary>
    public virtual Dictionary<string, Tensor> SaveState()
    {
        var saved = new Dictionary<string, Tensor>();
        foreach (var (state, index) in _states.Select((state, index) => (state, index)))
        {
            saved[$"{index}.step"] = tensor(state.Step);
            if (Groups[index].HasMasters)
                saved[$"{index}.master"] = Groups[index].Weights.alias();
            foreach (var (name, value) in state.Tensors)
                saved[$"{index}.{name}"] = value.alias();
        }

        return saved;
    }

    /// <summary>Goes on from what <see cref="SaveState"/> gave for the same parameters, to the bit.</summary>
    /// <param name="saved">Read, and copied.</param>
    /// <exception cref="BadInputException">The state belongs to other parameters, or to another kind of optimizer.</exception>
    public virtual void LoadState(IReadOnlyDictionary<string, Tensor> saved)
    {
        ArgumentNullException.ThrowIfNull(saved);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        Clear();
        foreach (var (key, value) in saved)
        {
            var dot = key.IndexOf('.', StringComparison.Ordinal);
            if (dot < 0)
                continue; // the whole optimizer's, read by who overrides this
            if (!int.TryParse(key.AsSpan(0, dot), out var index) || index < 0 || index >= Groups.Count)
                throw new BadInputException($"The optimizer's state has '{key}', but {Groups.Count} groups of parameters are trained; it "
                    + "belongs to a run with other settings.");
            Take(_states[index], Groups[index], key[(dot + 1)..], value);
        }

        foreach (var group in Groups)
            group.GiveBack();
    }

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        Clear();
        foreach (var group in Groups)
            group.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Moves the groups that learn; no gradients are recorded, and what is made meanwhile is disposed after.</summary>
    private protected abstract void Update(double factor);

    /// <summary>The names of what is kept for a group; a state with other names is another optimizer's.</summary>
    private protected abstract IReadOnlyList<string> Kept { get; }

    /// <summary>The groups that learn, with what is kept for each.</summary>
    private protected IEnumerable<(OptimizerGroup Group, GroupState State)> Learning =>
        Groups.Zip(_states).Where(pair => pair.First.Learns);

    /// <summary>Goes through a group's vectors piece by piece.</summary>
    /// <param name="group">Whose.</param>
    /// <param name="factor">What the gradients are multiplied by.</param>
    /// <param name="move">Told each piece; what it makes is disposed after.</param>
    private protected static void ForEachPiece(OptimizerGroup group, double factor, Action<Piece> move) =>
        ForEachPiece(group, factor, 0, group.Weights.numel(), group.Weights.device.type == DeviceType.CPU ? CpuPiece : GpuPiece, move);

    /// <summary>Goes through a part of a group's vectors, in pieces of a length.</summary>
    private protected static void ForEachPiece(OptimizerGroup group, double factor, long first, long count, long most, Action<Piece> move)
    {
        for (var start = first; start < first + count; start += most)
        {
            using var scope = NewDisposeScope();
            var length = Math.Min(most, first + count - start);
            move(new Piece(start, length, group.Weights.narrow(0, start, length), Scaled(group.Gradient.narrow(0, start, length), factor)));
        }
    }

    /// <summary>Gradients in the type that the arithmetic is done in, times a factor.</summary>
    private protected static Tensor Scaled(Tensor gradient, double factor)
    {
        var wide = gradient.to(Wide(gradient.dtype));
        return factor == 1 ? wide : wide * factor;
    }

    private static ScalarType Wide(ScalarType type) => type == ScalarType.Float64 ? type : ScalarType.Float32;

    private void Take(GroupState state, OptimizerGroup group, string name, Tensor value)
    {
        if (name == "step")
            state.Step = value.item<long>();
        else if (name == "master" && group.HasMasters && value.numel() == group.Weights.numel())
            group.Weights.copy_(value);
        else if (Kept.Any(kept => name == kept || name.StartsWith(kept + ".", StringComparison.Ordinal))
            && value.numel() <= group.Weights.numel()
            && (name.Contains('.', StringComparison.Ordinal) || value.numel() == group.Weights.numel()))
            state.Tensors[name] = value.to(group.Weights.device, copy: true).DetachFromDisposeScope();
        else
            throw new BadInputException($"The optimizer's state has '{name}' of {value.numel()} numbers beside {group.Weights.numel()} "
                + "trained ones; it belongs to a run with other settings.");
    }

    private void Clear()
    {
        foreach (var kept in _states.SelectMany(state => state.Tensors.Values))
            kept.Dispose();
        _states.ForEach(state => state.Tensors.Clear());
    }

    /// <summary>A stretch of a group's vectors.</summary>
    /// <param name="Start">Its first number.</param>
    /// <param name="Length">How many numbers it has.</param>
    /// <param name="Weights">(n), a view: what is moved.</param>
    /// <param name="Gradient">(n), float32 or float64.</param>
    internal readonly record struct Piece(long Start, long Length, Tensor Weights, Tensor Gradient)
    {
        /// <summary>The same stretch of another vector.</summary>
        public Tensor Of(Tensor vector) => vector.narrow(0, Start, Length);
    }

    /// <summary>What is kept for one group.</summary>
    private protected sealed class GroupState
    {
        /// <summary>How many steps have moved it.</summary>
        public long Step { get; set; }

        /// <summary>What is kept, by name.</summary>
        public Dictionary<string, Tensor> Tensors { get; } = [];

        /// <summary>A kept tensor, made at its first use.</summary>
        public Tensor Get(string name, Func<Tensor> make)
        {
            if (!Tensors.TryGetValue(name, out var value))
                Tensors[name] = value = make().DetachFromDisposeScope();
            return value;
        }
    }
}
