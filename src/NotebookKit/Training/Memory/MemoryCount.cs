namespace NotebookKit.Training.Memory;

/// <summary>What a run's tensors hold at its peak, counted from the models' shapes.</summary>
internal static class MemoryCount
{
    /// <summary>Counts a plan.</summary>
    public static MemoryBytes Of(ModelShape shape, MemoryPlan plan) => throw new NotImplementedException();
}
