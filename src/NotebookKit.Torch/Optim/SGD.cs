using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

/// <summary>Steps down the gradient, with momentum where asked for.</summary>
public sealed class SGD : Optimizer
{
    private readonly Dictionary<Parameter, Tensor> averages = new(ReferenceEqualityComparer.Instance);
    private readonly Options defaults;

    internal SGD(IEnumerable<Modules.ParamGroup> groups, Options defaults)
    {
        this.defaults = defaults;
        foreach (var group in groups)
            add_param_group(group);
    }

    /// <inheritdoc/>
    public override void add_param_group(Modules.ParamGroup param_group)
    {
        var given = param_group.Options as Options;
        var rate = param_group.Options?.LearningRate ?? defaults.LearningRate;
        param_group.Options = new Options
        {
            LearningRate = rate,
            InitialLearningRate = rate ?? 0,
            momentum = given?.momentum ?? defaults.momentum,
            dampening = given?.dampening ?? defaults.dampening,
            weight_decay = given?.weight_decay ?? defaults.weight_decay,
            nesterov = given?.nesterov ?? defaults.nesterov,
            maximize = given?.maximize ?? defaults.maximize,
        };
        base.add_param_group(param_group);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var average in averages.Values)
            average.Dispose();
        averages.Clear();
    }

    internal override void Step(Modules.ParamGroup group)
    {
        using var scope = NewDisposeScope();
        var of = (Options)group.Options!;
        foreach (var parameter in group.Parameters)
        {
            if (parameter.grad is not { } direction)
                continue;
            if (of.maximize == true)
                direction = direction.neg();
            if (of.weight_decay is { } decay and not 0)
                direction = direction.add(parameter, decay);
            if (of.momentum is { } momentum and not 0)
            {
                if (averages.TryGetValue(parameter, out var average))
                    average.mul_(momentum).add_(direction, 1 - (of.dampening ?? 0));
                else
                    averages[parameter] = average = direction.clone().DetachFromDisposeScope();
                direction = of.nesterov == true ? direction.add(average, momentum) : average;
            }

            parameter.add_(direction, -group.LearningRate);
        }
    }

    /// <summary>Settings; what is null is as the optimizer has it.</summary>
    public sealed class Options : OptimizerOptions
    {
        /// <summary>What part of the last direction stays.</summary>
        public double? momentum;

        /// <summary>What part of the gradient is left out of the direction.</summary>
        public double? dampening;

        /// <summary>What part of a weight is added to its gradient.</summary>
        public double? weight_decay;

        /// <summary>Whether the gradient is taken ahead of the momentum (Nesterov).</summary>
        public bool? nesterov;

        /// <summary>Whether steps go up the gradient.</summary>
        public bool? maximize;
    }
}
