using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>One worker's copy of what a stage trains: its parameters and the loss of one batch. The trainer makes the copies share their
/// weights.</summary>
internal abstract class Learner : IDisposable
{
    /// <summary>Every trained parameter, always in the same order.</summary>
    public abstract IReadOnlyList<LearnedTensor> Parameters { get; }

    /// <summary>The loss of one batch, a scalar with its graph. All draws come from <paramref name="step"/>, so that a step can be
    /// repeated.</summary>
    public abstract Tensor Loss(TrainingStep step);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>A module's parameters by their state-dict names below <paramref name="prefix"/>.</summary>
    protected static IEnumerable<LearnedTensor> Of(nn.Module module, string prefix, Func<string, double> rate) =>
        module.named_parameters().Select(p => new LearnedTensor($"{prefix}.{p.name}", p.parameter, rate(p.name)));
}

/// <summary>One trained parameter.</summary>
/// <param name="Name">Its state-dict name below its part's name, such as <c>unet.conv_in.weight</c>.</param>
/// <param name="Value">The parameter.</param>
/// <param name="Rate">What the stage's learning rate is multiplied by; 0 freezes it.</param>
/// <param name="FrozenFrom">Index of the first row that stays as it is (for a token table); null: all rows learn.</param>
internal sealed record LearnedTensor(string Name, Parameter Value, double Rate = 1, long? FrozenFrom = null);

/// <summary>The place of one update in its stage, and its random draws.</summary>
/// <param name="Index">Number of the update over all workers, from 0.</param>
/// <param name="Progress">The share of the stage's budget that is used, from 0 to 1.</param>
/// <param name="Random">Draws on the processor: which pictures, which captions.</param>
/// <param name="Generator">Draws on the device: noise.</param>
internal sealed record TrainingStep(long Index, double Progress, Random Random, Generator Generator);
