using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Training.Optimizers;

/// <summary>
/// What the kit's own optimizers share: groups of parameters, and for each parameter a number of steps and some named
/// tensors, which make up the state that a checkpoint keeps.
/// </summary>
public abstract class TrainOptimizer : OptimizerHelper
{
    private readonly IReadOnlyList<OptimizerGroup> _groups;
    private readonly Dictionary<Parameter, ParameterState> _states = new(ReferenceEqualityComparer.Instance);

    private protected TrainOptimizer(IEnumerable<OptimizerGroup> groups) => _groups = [.. groups];

    /// <inheritdoc/>
    public override IEnumerable<optim.ILearningRateController> ParamGroups => _groups;

    /// <inheritdoc/>
    public override IEnumerable<Parameter> parameters() => _groups.SelectMany(group => group.Parameters);

    /// <summary>Moves every parameter that has a gradient.</summary>
    /// <param name="closure">Computes the loss anew, before; null usually.</param>
    /// <returns>The closure's loss.</returns>
    public override Tensor? step(Func<Tensor>? closure = null)
    {
        Tensor? loss = null;
        if (closure is not null)
        {
            using (enable_grad())
                loss = closure();
        }

        using var grad = no_grad();
        using var scope = NewDisposeScope();
        Update(_groups);
        return loss;
    }

    /// <inheritdoc/>
    public override void zero_grad()
    {
        foreach (var parameter in parameters())
            parameter.grad = null;
    }

    /// <summary>The state as copies of tensors: <c>3.exp_avg</c> is parameter 3's, counted over the groups; <c>3.step</c> its steps.</summary>
    public virtual Dictionary<string, Tensor> SaveState()
    {
        var saved = new Dictionary<string, Tensor>();
        foreach (var (parameter, index) in parameters().Select((parameter, index) => (parameter, index)))
        {
            if (!_states.TryGetValue(parameter, out var state))
                continue;
            saved[$"{index}.step"] = tensor(state.Step);
            foreach (var (name, value) in state.Tensors)
                saved[$"{index}.{name}"] = value.clone();
        }

        return saved;
    }

    /// <summary>Goes on from what <see cref="SaveState"/> gave for the same parameters, to the bit.</summary>
    /// <param name="saved">Read, and copied.</param>
    /// <exception cref="BadInputException">The state belongs to other parameters.</exception>
    public virtual void LoadState(IReadOnlyDictionary<string, Tensor> saved)
    {
        var all = parameters().ToList();
        Clear();
        foreach (var (key, value) in saved)
        {
            var dot = key.IndexOf('.', StringComparison.Ordinal);
            if (dot < 0)
                continue; // the whole optimizer's, read by who overrides this
            if (!int.TryParse(key.AsSpan(0, dot), out var index) || index < 0 || index >= all.Count)
                throw new BadInputException($"The optimizer's state has '{key}', but {all.Count} parameters are trained; it belongs to a run with other settings.");
            var state = StateOf(all[index]);
            if (key[(dot + 1)..] == "step")
                state.Step = value.item<long>();
            else
                state.Tensors[key[(dot + 1)..]] = value.to(all[index].device).clone().DetachFromDisposeScope();
        }
    }

    /// <summary>Moves the parameters of all groups; no gradients are recorded, and what is made meanwhile is disposed after.</summary>
    private protected abstract void Update(IReadOnlyList<OptimizerGroup> groups);

    /// <summary>What is kept for a parameter; empty at first.</summary>
    private protected ParameterState StateOf(Parameter parameter)
    {
        if (!_states.TryGetValue(parameter, out var state))
            _states[parameter] = state = new ParameterState();
        return state;
    }

    /// <summary>A parameter's gradient in the type that the arithmetic is done in: float32, or float64 for a float64 parameter.</summary>
    private protected static Tensor? GradientOf(Parameter parameter) =>
        parameter.grad is { } grad ? grad.dtype is ScalarType.Float32 or ScalarType.Float64 ? grad : grad.to(ScalarType.Float32) : null;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Clear();
        base.Dispose(disposing);
    }

    private void Clear()
    {
        foreach (var kept in _states.Values.SelectMany(state => state.Tensors.Values))
            kept.Dispose();
        _states.Clear();
    }

    /// <summary>What is kept for one parameter.</summary>
    private protected sealed class ParameterState
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
