using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

/// <summary>Parameters that share settings.</summary>
public class ParamGroup : ILearningRateController
{
    /// <summary>The parameters.</summary>
    public IEnumerable<Parameter> Parameters { get; set; } = [];

    /// <summary>The settings.</summary>
    public OptimizerOptions? Options { get; set; }

    /// <inheritdoc/>
    public double LearningRate
    {
        get => Options?.LearningRate ?? 0;
        set => (Options ??= new OptimizerOptions()).LearningRate = value;
    }

    /// <inheritdoc/>
    public double InitialLearningRate
    {
        get => Options?.InitialLearningRate ?? 0;
        set => (Options ??= new OptimizerOptions()).InitialLearningRate = value;
    }
}

/// <summary>Parameters that share settings of one kind.</summary>
/// <typeparam name="TOptions">the kind of settings</typeparam>
public class ParamGroup<TOptions> : ParamGroup where TOptions : OptimizerOptions
{
    /// <summary>A group to be filled.</summary>
    public ParamGroup()
    {
    }

    /// <summary>A group of parameters; settings not given are the optimizer's.</summary>
    public ParamGroup(IEnumerable<Parameter> parameters, TOptions? options = null)
    {
        Parameters = parameters;
        base.Options = options;
    }

    /// <summary>The settings.</summary>
    public new TOptions? Options
    {
        get => (TOptions?)base.Options;
        set => base.Options = value;
    }
}

/// <summary>Settings of an optimizer, or of one group.</summary>
public class OptimizerOptions
{
    /// <summary>How far a step goes; null: as the optimizer has it.</summary>
    public double? LearningRate { get; set; }

    /// <summary>The learning rate that a schedule starts from.</summary>
    public double InitialLearningRate { get; set; }
}

/// <summary>What an optimizer keeps for one parameter.</summary>
public abstract class OptimizerState
{
    /// <summary>Takes over another's values, copied.</summary>
    public abstract void LoadStateDict(OptimizerState source);
}
