
namespace NotebookKit.Workshop.Pretraining;

/// <summary>What one call of <c>kit pretrain</c> was asked to do.</summary>
public sealed record PretrainOptions
{
    /// <summary>Sizes, figures and budgets: <see cref="PretrainPreset.Cpu"/>, <see cref="PretrainPreset.Cuda"/> or
    /// <see cref="PretrainPreset.Smoke"/>.</summary>
    public required PretrainPreset Preset { get; init; }

    /// <summary>The diffusers folder that every checkpoint is exported to.</summary>
    public required string Output { get; init; }

    /// <summary>Where the unfinished work lies: checkpoints, state and sample grids. Null: <c>.pretrain</c> inside
    /// <see cref="Output"/>.</summary>
    public string? Work { get; init; }

    /// <summary>A model of the preset's sizes that training goes on from, its VAE and text encoder as they are; null: from nothing.
    /// </summary>
    public string? From { get; init; }

    /// <summary>Minutes for all stages together, those of earlier calls counted in. Null: the preset's.</summary>
    public double? Minutes { get; init; }

    /// <summary>Updates of the denoising stage. Given, every stage ends by its count and not by the clock, so that a run can be
    /// repeated.</summary>
    public long? Steps { get; init; }

    /// <summary>Decides the world's pictures, every initial weight and every draw of the training.</summary>
    public ulong Seed { get; init; }

    /// <summary>Threads that train on shared weights without locks, each on one core. Null: the preset's. With 1 the result follows from
    /// the seed.</summary>
    public int? Workers { get; init; }

    /// <summary>Go on from the work folder; without it a folder that holds work is refused.</summary>
    public bool Resume { get; init; }

    /// <summary>The commit the code was built from, for the model card; empty when unknown.</summary>
    public string Commit { get; init; } = "";

    /// <summary>The folder of the unfinished work.</summary>
    public string WorkFolder => Work ?? Path.Combine(Output, ".pretrain");
}
