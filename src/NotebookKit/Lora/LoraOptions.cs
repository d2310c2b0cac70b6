namespace NotebookKit.Lora;

/// <summary>The shape of a new LoRA network.</summary>
public sealed record LoraOptions
{
    /// <summary>Numbers that pass through each adapter; higher means a finer and larger file. At least 1.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>The scale's numerator (alpha / rank); the rank itself when null, that is a scale of 1.</summary>
    public double? Alpha { get; init; }

    /// <summary>The layers to adapt.</summary>
    public LoraTargets Targets { get; init; } = LoraTargets.Attention;

    /// <summary>Seeds the first values of the down weights; the same seed gives the same network.</summary>
    public ulong Seed { get; init; }
}
