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
    private readonly AdamSettings defaults;
    private readonly bool decoupled;

    internal Adam(IEnumerable<optim.ParamGroup> groups, double lr, AdamSettings defaults, bool decoupled)
    {
        this.defaults = defaults;
        this.decoupled = decoupled;
        foreach (var group in groups)
        {
            group.Rate ??= lr;
            group.InitialLearningRate = group.LearningRate;
            add_param_group(group);
        }
    }

    /// <summary>Parameters with settings of their own.</summary>
    public class ParamGroup : optim.ParamGroup
    {
        /// <summary>A group; what is null is as the optimizer has it.</summary>
        public ParamGroup(IEnumerable<Parameter> parameters, double? lr = null, double? beta1 = null, double? beta2 = null, double? eps = null, double? weight_decay = null)
            : base(parameters, lr) => (Beta1, Beta2, Eps, WeightDecay) = (beta1, beta2, eps, weight_decay);

        internal double? Beta1 { get; }
        internal double? Beta2 { get; }
        internal double? Eps { get; }
        internal double? WeightDecay { get; }
    }

    internal override unsafe void Step(optim.ParamGroup group)
    {
        Prepare(group);
        var of = SettingsOf(group);
        var p = autograd.Handles(group.Items);
        var m = autograd.Handles(group.First);
        var v = autograd.Handles(group.Second);
        int others;
        fixed (nint* pp = p, mm = m, vv = v)
        fixed (long* steps = group.Steps)
            others = NativeMethods.kit_adam_step(pp, mm, vv, steps, p.Length, group.LearningRate, of.Beta1, of.Beta2, of.Eps, of.WeightDecay, decoupled ? 1 : 0, of.Maximize ? 1 : 0);
        GC.KeepAlive(group);
        if (NativeMethods.Check(others, GetType().Name) > 0)
            Composed(group, of);
    }

    private AdamSettings SettingsOf(optim.ParamGroup group) => group is not ParamGroup own
        ? defaults
        : defaults with
        {
            Beta1 = own.Beta1 ?? defaults.Beta1,
            Beta2 = own.Beta2 ?? defaults.Beta2,
            Eps = own.Eps ?? defaults.Eps,
            WeightDecay = own.WeightDecay ?? defaults.WeightDecay,
        };

    private static void Prepare(optim.ParamGroup group)
    {
        if (group.First.Length == group.Items.Length)
            return;
        using var scope = NewDisposeScope();
        group.First = Array.ConvertAll(group.Items, p => zeros_like(p).DetachFromDisposeScope());
        group.Second = Array.ConvertAll(group.Items, p => zeros_like(p).DetachFromDisposeScope());
        group.Steps = new long[group.Items.Length];
    }

    // The same over libtorch's operators on lists, for every device and type. Parameters that skipped steps are grouped
    // by their own number of steps, which decides the corrections of the averages.
    private void Composed(optim.ParamGroup group, AdamSettings of)
    {
        using var scope = NewDisposeScope();
        var all = Enumerable.Range(0, group.Items.Length)
            .Select(i => (Index: i, Grad: group.Items[i].grad))
            .Where(entry => entry.Grad is not null)
            .GroupBy(entry => ++group.Steps[entry.Index]);
        foreach (var same in all)
        {
            var p = same.Select(e => (Tensor)group.Items[e.Index]).ToArray();
            var g = same.Select(e => of.Maximize ? e.Grad!.neg() : e.Grad!).ToArray();
            var m = same.Select(e => group.First[e.Index]).ToArray();
            var v = same.Select(e => group.Second[e.Index]).ToArray();
            if (of.WeightDecay != 0 && decoupled)
                Ops._foreach_mul__Scalar.Run(Arg.Tensors(p), 1 - group.LearningRate * of.WeightDecay);
            else if (of.WeightDecay != 0)
                g = Ops._foreach_add_List.CallList(Arg.Tensors(g), Arg.Tensors(p), of.WeightDecay);
            Ops._foreach_mul__Scalar.Run(Arg.Tensors(m), of.Beta1);
            Ops._foreach_add__List.Run(Arg.Tensors(m), Arg.Tensors(g), 1 - of.Beta1);
            Ops._foreach_mul__Scalar.Run(Arg.Tensors(v), of.Beta2);
            Ops._foreach_addcmul__Scalar.Run(Arg.Tensors(v), Arg.Tensors(g), Arg.Tensors(g), 1 - of.Beta2);
            var denominator = Ops._foreach_sqrt.CallList(Arg.Tensors(v));
            Ops._foreach_div__Scalar.Run(Arg.Tensors(denominator), Math.Sqrt(1 - Math.Pow(of.Beta2, same.Key)));
            Ops._foreach_add__Scalar.Run(Arg.Tensors(denominator), of.Eps);
            Ops._foreach_addcdiv__Scalar.Run(Arg.Tensors(p), Arg.Tensors(m), Arg.Tensors(denominator), -group.LearningRate / (1 - Math.Pow(of.Beta1, same.Key)));
        }
    }
}

/// <summary>Adam with weights that decay on their own, not through the gradients (Loshchilov &amp; Hutter 2019).</summary>
public sealed class AdamW : Adam
{
    internal AdamW(IEnumerable<optim.ParamGroup> groups, double lr, AdamSettings defaults) : base(groups, lr, defaults, decoupled: true)
    {
    }

    /// <summary>Parameters with settings of their own.</summary>
    public new sealed class ParamGroup : Adam.ParamGroup
    {
        /// <summary>A group; what is null is as the optimizer has it.</summary>
        public ParamGroup(IEnumerable<Parameter> parameters, double? lr = null, double? beta1 = null, double? beta2 = null, double? eps = null, double? weight_decay = null)
            : base(parameters, lr, beta1, beta2, eps, weight_decay)
        {
        }
    }
}

internal sealed record AdamSettings(double Beta1, double Beta2, double Eps, double WeightDecay, bool Maximize);
