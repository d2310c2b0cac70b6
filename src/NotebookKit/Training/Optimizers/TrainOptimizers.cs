using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Training.Optimizers;

/// <summary>Makes optimizers by their kind, and keeps and restores their state, whichever they are.</summary>
public static class TrainOptimizers
{
    /// <summary>An optimizer of a kind with its usual settings.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="groups">What is trained, at which rates.</param>
    public static optim.Optimizer Create(OptimizerKind kind, IReadOnlyList<OptimizerGroup> groups) => kind switch
    {
        OptimizerKind.AdamW8bit => new AdamW8bit(groups),
        OptimizerKind.Adafactor => new Adafactor(groups),
        OptimizerKind.Lion => new Lion(groups),
        OptimizerKind.Prodigy => new Prodigy(groups),
        _ => optim.AdamW(groups.Select(group => new AdamW.ParamGroup(group.Parameters, lr: group.LearningRate, weight_decay: group.WeightDecay)), groups[0].LearningRate, weight_decay: groups[0].WeightDecay),
    };

    /// <summary>
    /// What to multiply a rate found for AdamW by: Lion's steps are all of full size and want 3 to 10 times less (its
    /// paper, section 5). Prodigy finds its own rate: it takes 1 whatever AdamW took.
    /// </summary>
    /// <param name="kind">The optimizer.</param>
    /// <param name="adamRate">A rate that suits AdamW.</param>
    public static double SuitableRate(OptimizerKind kind, double adamRate) => kind switch
    {
        OptimizerKind.Lion => adamRate / 5,
        OptimizerKind.Prodigy => 1,
        _ => adamRate,
    };

    /// <summary>
    /// The optimizer's state as a dictionary of tensors, to write into a checkpoint: for parameter i, counted over the
    /// groups, <c>i.step</c> and what it keeps, such as <c>i.exp_avg</c>. The tensors are copies.
    /// </summary>
    /// <param name="optimizer">One of <see cref="Create"/>.</param>
    public static Dictionary<string, Tensor> SaveState(optim.Optimizer optimizer)
    {
        if (optimizer is TrainOptimizer own)
            return own.SaveState();
        var saved = new Dictionary<string, Tensor>();
        foreach (var (kept, index) in ((Adam)optimizer).state_dict().State.Cast<Adam.State>().Select((kept, index) => (kept, index)))
        {
            saved[$"{index}.step"] = tensor(kept.step);
            saved[$"{index}.exp_avg"] = kept.exp_avg.clone();
            saved[$"{index}.exp_avg_sq"] = kept.exp_avg_sq.clone();
        }

        return saved;
    }

    /// <summary>Goes on from what <see cref="SaveState"/> gave for an optimizer of the same kind over the same parameters, to the bit.</summary>
    /// <param name="optimizer">One of <see cref="Create"/>.</param>
    /// <param name="saved">Read, and copied.</param>
    /// <exception cref="BadInputException">The state belongs to other parameters or to another kind of optimizer.</exception>
    public static void LoadState(optim.Optimizer optimizer, IReadOnlyDictionary<string, Tensor> saved)
    {
        if (optimizer is TrainOptimizer own)
        {
            own.LoadState(saved);
            return;
        }

        using var grad = no_grad();
        var states = ((Adam)optimizer).state_dict().State.Cast<Adam.State>().ToList();
        if (saved.Count != 3 * states.Count)
            throw new BadInputException($"The optimizer's state has {saved.Count} tensors, but AdamW over {states.Count} parameters has {3 * states.Count}; it belongs to a run with other settings.");
        foreach (var (kept, index) in states.Select((kept, index) => (kept, index)))
        {
            kept.step = Of("step").item<long>();
            Fill(kept.exp_avg, Of("exp_avg"));
            Fill(kept.exp_avg_sq, Of("exp_avg_sq"));

            Tensor Of(string name) => saved.TryGetValue($"{index}.{name}", out var value)
                ? value
                : throw new BadInputException($"The optimizer's state lacks '{index}.{name}'; it is not AdamW's.");
        }
    }

    private static void Fill(Tensor target, Tensor value)
    {
        if (!target.shape.SequenceEqual(value.shape))
            throw new BadInputException($"The optimizer's state has a tensor of shape [{string.Join(", ", value.shape)}] where the trained weight has [{string.Join(", ", target.shape)}]; it belongs to a run with other settings.");
        target.copy_(value);
    }
}
