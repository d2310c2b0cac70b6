namespace NotebookKit.Training.Settings;

/// <summary>How long, and how many at once.</summary>
public sealed record IntervalSettings
{
    /// <summary>How often each picture is seen. Imagic: in each of its two halves.</summary>
    [Setting("--epochs", "how often each picture is seen", Otherwise = "100", Min = 1, Usual = "100 shows every picture a hundred times",
        MayChange = true)]
    public int? Epochs { get; init; }

    /// <summary>Pictures of the subject in a batch; as many class images go beside them.</summary>
    [Setting("--batch", "pictures of the subject in a batch; as many class images go beside them", Name = "batch_size", Otherwise = "1",
        Min = 1, Note = "ss_batch_size_per_device", MayChange = true)]
    public int? BatchSize { get; init; }

    /// <summary>Batches that make up an optimizer step; the step is the same as with one batch of them all.</summary>
    [Setting("--accumulation", "batches that make up an optimizer step", Name = "gradient_accumulation", Min = 1,
        Note = "ss_gradient_accumulation_steps", MayChange = true)]
    public int GradientAccumulation { get; init; } = 1;
}
