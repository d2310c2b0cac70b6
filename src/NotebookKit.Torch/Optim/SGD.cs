using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

/// <summary>Steps down the gradient, with momentum where asked for.</summary>
public sealed class SGD : Optimizer
{
    private readonly double momentum;
    private readonly double dampening;
    private readonly double weightDecay;
    private readonly bool nesterov;
    private readonly bool maximize;

    internal SGD(IEnumerable<optim.ParamGroup> groups, double lr, double momentum, double dampening, double weight_decay, bool nesterov, bool maximize)
    {
        (this.momentum, this.dampening, weightDecay, this.nesterov, this.maximize) = (momentum, dampening, weight_decay, nesterov, maximize);
        foreach (var group in groups)
        {
            group.Rate ??= lr;
            group.InitialLearningRate = group.LearningRate;
            add_param_group(group);
        }
    }

    internal override void Step(optim.ParamGroup group)
    {
        using var scope = NewDisposeScope();
        if (momentum != 0 && group.First.Length == 0)
        {
            group.First = Array.ConvertAll(group.Items, p => zeros_like(p).DetachFromDisposeScope());
            group.Steps = new long[group.Items.Length];
        }

        for (var i = 0; i < group.Items.Length; i++)
        {
            var p = group.Items[i];
            if (p.grad is not { } d)
                continue;
            if (maximize)
                d = d.neg();
            if (weightDecay != 0)
                d = d.add(p, weightDecay);
            if (momentum != 0)
            {
                var average = group.First[i];
                if (group.Steps[i]++ == 0)
                    average.copy_(d);
                else
                    average.mul_(momentum).add_(d, 1 - dampening);
                d = nesterov ? d.add(average, momentum) : average;
            }

            p.add_(d, -group.LearningRate);
        }
    }
}
