using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

/// <summary>
/// Adam (Kingma &amp; Ba 2015): gradients averaged over time, divided by the root of their averaged squares.
/// Where all tensors of a group are contiguous float32 on the processor, one native loop goes over all of them; it rounds
/// in another order than libtorch's operators, so the two agree to a few units of the last place, not to the bit.
/// </summary>
public class Adam : Optimizer
{
    private readonly Dictionary<Parameter, State> states = new(ReferenceEqualityComparer.Instance);
    private readonly Options defaults;
    private readonly bool decoupled;

    internal Adam(IEnumerable<Modules.ParamGroup> groups, Options defaults, bool decoupled)
    {
        this.defaults = defaults;
        this.decoupled = decoupled;
        foreach (var group in groups)
            add_param_group(group);
    }

    /// <inheritdoc/>
    public override void add_param_group(Modules.ParamGroup param_group)
    {
        var given = param_group.Options as Options;
        var options = new Options
        {
            LearningRate = param_group.Options?.LearningRate ?? defaults.LearningRate,
            beta1 = given?.beta1 ?? defaults.beta1,
            beta2 = given?.beta2 ?? defaults.beta2,
            eps = given?.eps ?? defaults.eps,
            weight_decay = given?.weight_decay ?? defaults.weight_decay,
            maximize = given?.maximize ?? defaults.maximize,
        };
        options.InitialLearningRate = options.LearningRate ?? 0;
        options.Check();
        param_group.Options = options;
        base.add_param_group(param_group);
        foreach (var parameter in param_group.Parameters)
            states[parameter] = new State(parameter);
    }

    /// <summary>The settings of each group and what is kept for each parameter: the objects themselves, not copies.</summary>
    public StateDictionary state_dict() =>
        new(Groups.Select(group => group.Options!), Groups.SelectMany(group => group.Parameters).Select(parameter => states[parameter]));

    /// <summary>Goes on from what another optimizer over the same parameters has kept; its values are copied.</summary>
    /// <exception cref="ArgumentException">The numbers of parameters differ.</exception>
    public void load_state_dict(StateDictionary state_dict)
    {
        var own = this.state_dict();
        if (own.State.Count != state_dict.State.Count || own.Options.Count != state_dict.Options.Count)
            throw new ArgumentException($"A state of {state_dict.State.Count} parameters in {state_dict.Options.Count} groups does not fit {own.State.Count} in {own.Options.Count}.");
        foreach (var (mine, theirs) in own.State.Zip(state_dict.State))
            mine.LoadStateDict(theirs);
        foreach (var (mine, theirs) in own.Options.Zip(state_dict.Options))
            ((Options)mine).CopyFrom((Options)theirs);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var state in states.Values)
            state.Dispose();
    }

    internal override unsafe void Step(Modules.ParamGroup group)
    {
        var of = (Options)group.Options!;
        var items = (Parameter[])group.Parameters;
        var kept = Array.ConvertAll(items, parameter => states[parameter]);
        var p = Array.ConvertAll(items, parameter => parameter.Handle);
        var m = Array.ConvertAll(kept, state => state.exp_avg.Handle);
        var v = Array.ConvertAll(kept, state => state.exp_avg_sq.Handle);
        var steps = Array.ConvertAll(kept, state => state.step);
        int others;
        fixed (nint* pp = p, mm = m, vv = v)
        fixed (long* ss = steps)
            others = NativeMethods.kit_adam_step(pp, mm, vv, ss, p.Length, group.LearningRate, of.beta1!.Value, of.beta2!.Value, of.eps!.Value, of.weight_decay!.Value, decoupled ? 1 : 0, of.maximize == true ? 1 : 0);
        GC.KeepAlive(items);
        GC.KeepAlive(kept);
        if (NativeMethods.Check(others, GetType().Name) > 0)
            Composed(items, kept, of);
        else
            for (var i = 0; i < kept.Length; i++)
                kept[i].step = steps[i];
    }

    // The same over libtorch's operators on lists, for every device and type. Parameters that skipped steps are grouped
    // by their own number of steps, which decides the corrections of the averages.
    private void Composed(Parameter[] items, State[] kept, Options of)
    {
        using var scope = NewDisposeScope();
        var (lr, beta1, beta2, decay) = (of.LearningRate!.Value, of.beta1!.Value, of.beta2!.Value, of.weight_decay!.Value);
        var all = items.Zip(kept)
            .Select(pair => (Parameter: (Tensor)pair.First, State: pair.Second, Grad: pair.First.grad))
            .Where(entry => entry.Grad is not null)
            .GroupBy(entry => ++entry.State.step);
        foreach (var same in all)
        {
            var p = same.Select(e => e.Parameter).ToArray();
            var g = same.Select(e => of.maximize == true ? e.Grad!.neg() : e.Grad!).ToArray();
            var m = same.Select(e => e.State.exp_avg).ToArray();
            var v = same.Select(e => e.State.exp_avg_sq).ToArray();
            if (decay != 0 && decoupled)
                Ops._foreach_mul__Scalar.Run(Arg.Tensors(p), 1 - lr * decay);
            else if (decay != 0)
                g = Ops._foreach_add_List.CallList(Arg.Tensors(g), Arg.Tensors(p), decay);
            Ops._foreach_mul__Scalar.Run(Arg.Tensors(m), beta1);
            Ops._foreach_add__List.Run(Arg.Tensors(m), Arg.Tensors(g), 1 - beta1);
            Ops._foreach_mul__Scalar.Run(Arg.Tensors(v), beta2);
            Ops._foreach_addcmul__Scalar.Run(Arg.Tensors(v), Arg.Tensors(g), Arg.Tensors(g), 1 - beta2);
            var denominator = Ops._foreach_sqrt.CallList(Arg.Tensors(v));
            Ops._foreach_div__Scalar.Run(Arg.Tensors(denominator), Math.Sqrt(1 - Math.Pow(beta2, same.Key)));
            Ops._foreach_add__Scalar.Run(Arg.Tensors(denominator), of.eps!.Value);
            Ops._foreach_addcdiv__Scalar.Run(Arg.Tensors(p), Arg.Tensors(m), Arg.Tensors(denominator), -lr / (1 - Math.Pow(beta1, same.Key)));
        }
    }

    /// <summary>Settings; what is null is as the optimizer has it.</summary>
    public class Options : OptimizerOptions
    {
        /// <summary>How slowly the average of the gradients moves, in [0, 1).</summary>
        public double? beta1;

        /// <summary>How slowly the average of their squares moves, in [0, 1).</summary>
        public double? beta2;

        /// <summary>What is added to the root of the average of squares.</summary>
        public double? eps;

        /// <summary>What part of a weight, times the learning rate, a step takes away.</summary>
        public double? weight_decay;

        /// <summary>Whether steps go up the gradient.</summary>
        public bool? maximize;

        internal void CopyFrom(Options other)
        {
            (LearningRate, InitialLearningRate) = (other.LearningRate, other.InitialLearningRate);
            (beta1, beta2, eps, weight_decay, maximize) = (other.beta1, other.beta2, other.eps, other.weight_decay, other.maximize);
        }

        internal void Check()
        {
            if (!(LearningRate >= 0 && eps >= 0 && weight_decay >= 0 && beta1 is >= 0 and < 1 && beta2 is >= 0 and < 1))
                throw new ArgumentException($"Adam takes a learning rate, eps and weight decay of at least 0 and betas in [0, 1): got {LearningRate}, {eps}, {weight_decay}, {beta1}, {beta2}.");
        }
    }

    /// <summary>Parameters with settings of their own.</summary>
    public class ParamGroup : ParamGroup<Options>
    {
        /// <summary>A group to be filled.</summary>
        public ParamGroup()
        {
        }

        /// <summary>A group; settings not given are the optimizer's.</summary>
        public ParamGroup(IEnumerable<Parameter> parameters, Options options) : base(parameters, options)
        {
        }

        /// <summary>A group with all settings.</summary>
        public ParamGroup(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : base(parameters, Settings(lr, beta1, beta2, eps, weight_decay, amsgrad, maximize))
        {
        }
    }

    /// <summary>What is kept for one parameter.</summary>
    public sealed class State : OptimizerState, IDisposable
    {
        /// <summary>How many steps have changed the parameter.</summary>
        public long step;

        /// <summary>The average of the gradients, in the parameter's shape.</summary>
        public Tensor exp_avg;

        /// <summary>The average of their squares, in the parameter's shape.</summary>
        public Tensor exp_avg_sq;

        internal State(Parameter parameter)
        {
            exp_avg = zeros_like(parameter).DetachFromDisposeScope();
            exp_avg_sq = zeros_like(parameter).DetachFromDisposeScope();
        }

        /// <inheritdoc/>
        public override void LoadStateDict(OptimizerState source)
        {
            var other = (State)source;
            step = other.step;
            exp_avg.copy_(other.exp_avg);
            exp_avg_sq.copy_(other.exp_avg_sq);
        }

        /// <summary>Releases the averages.</summary>
        public void Dispose()
        {
            exp_avg.Dispose();
            exp_avg_sq.Dispose();
        }
    }

    internal static Options Settings(double lr, double beta1, double beta2, double eps, double weight_decay, bool amsgrad, bool maximize) => amsgrad
        ? throw new NotSupportedException("amsgrad is not supported.")
        : new() { LearningRate = lr, beta1 = beta1, beta2 = beta2, eps = eps, weight_decay = weight_decay, maximize = maximize };
}
