
namespace NotebookKit.Workshop.Pretraining;

/// <summary>How a stage trains.</summary>
internal sealed record TrainerSettings
{
    /// <summary>The stage's name: of its checkpoint file and in progress lines.</summary>
    public required string Stage { get; init; }

    /// <summary>The run's seed; each update draws from a seed made of it, the stage and the update's number.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The highest learning rate.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Updates over which the learning rate rises from 0.</summary>
    public int WarmupSteps { get; init; } = 100;

    /// <summary>The share of the budget over which the learning rate stays at its highest before the cosine takes it down.</summary>
    public double FlatShare { get; init; }

    /// <summary>Where the cosine ends.</summary>
    public double FinalLearningRate { get; init; } = 1e-5;

    /// <summary>Decay of AdamW's mean of gradients.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of AdamW's mean of squared gradients.</summary>
    public double Beta2 { get; init; } = 0.98;

    /// <summary>AdamW's decoupled weight decay.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>The gradient's norm is cut to this.</summary>
    public double ClipNorm { get; init; } = 1;

    /// <summary>How much of the averaged weights one update keeps; 0: no averaging.</summary>
    public double EmaDecay { get; init; }

    /// <summary>Seconds between checkpoints.</summary>
    public double CheckpointSeconds { get; init; } = 300;

    /// <summary>The learning rate of an update.</summary>
    /// <param name="step">Number of the update, from 0.</param>
    /// <param name="progress">The share of the budget that is used.</param>
    public double Rate(long step, double progress)
    {
        var warm = Math.Min(1, (step + 1) / (double)WarmupSteps);
        var fall = Math.Clamp((progress - FlatShare) / (1 - FlatShare), 0, 1);
        return warm * (FinalLearningRate + ((LearningRate - FinalLearningRate) * 0.5 * (1 + Math.Cos(Math.PI * fall))));
    }
}
