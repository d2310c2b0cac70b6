
namespace NotebookKit.Training.Memory;

/// <summary>A change of a run's settings that saves memory.</summary>
/// <param name="What">What to do, as the beginning of a sentence.</param>
/// <param name="Flags">The same on the command line of <c>kit train</c>.</param>
/// <param name="Cost">What it costs, as the end of a sentence.</param>
/// <param name="Of">The plan with the change made.</param>
/// <param name="KeepsCheckpoints">Whether a run can go on with it from its checkpoint.</param>
public sealed record MemoryChange(string What, IReadOnlyList<string> Flags, string Cost, Func<MemoryPlan, MemoryPlan> Of, bool KeepsCheckpoints = false)
{
    /// <summary>What to do and how: "Turn gradient checkpointing on (--checkpointing)".</summary>
    public override string ToString() => $"{What} ({string.Join(' ', Flags)})";
}
