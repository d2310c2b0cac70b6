namespace NotebookKit.Models;

/// <summary>How far sampling has come.</summary>
/// <param name="Done">Steps done, counted over all pictures' batches.</param>
/// <param name="Total">Steps there are.</param>
public readonly record struct StepProgress(int Done, int Total);
