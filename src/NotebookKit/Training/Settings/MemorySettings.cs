namespace NotebookKit.Training.Settings;

/// <summary>What is given up for memory; the weights that are learned stay the same.</summary>
public sealed record MemorySettings
{
    /// <summary>Keep less for backward and compute it again there: about a third more time, much less memory, the same gradients.</summary>
    [Setting("--checkpointing", "keep less for backward and compute it again: slower, much less memory, the same gradients",
        Name = "gradient_checkpointing", Note = "ss_gradient_checkpointing", MayChange = true)]
    public bool GradientCheckpointing { get; init; }

    /// <summary>
    /// Put the VAE, and the text encoder while it is frozen, aside once everything is encoded; samples and saving bring them
    /// back for a while. The weights that are learned stay the same to the bit.
    /// </summary>
    [Setting("--free-encoders", "put the VAE and the frozen text encoder aside once everything is encoded; samples and saving wait for "
        + "them", MayChange = true)]
    public bool FreeEncoders { get; init; }
}
