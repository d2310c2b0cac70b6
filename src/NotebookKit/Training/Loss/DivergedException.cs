
namespace NotebookKit.Training.Loss;

/// <summary>A run's loss or gradient became infinite or no number at all.</summary>
/// <param name="step">The optimizer step, from 1, that could not be made.</param>
/// <param name="epoch">Its epoch, from 1.</param>
/// <param name="what">"loss" or "gradient"; "weights" where the step was made and left them unusable.</param>
/// <param name="checkpoint">The last good checkpoint; null where there is none.</param>
public sealed class DivergedException(int step, int epoch, string what, string? checkpoint = null)
    : Exception((what == "weights"
        ? $"The weights became useless with step {step} (epoch {epoch}): with them the base predicts no numbers, so they are not saved. "
        : $"The {what} became no number at step {step} (epoch {epoch}), so the run stops with its weights as they were before. ")
        + (checkpoint is null ? "There is no checkpoint to go back to (--save-every makes some)."
            : $"The last good checkpoint is {checkpoint}.")
        + " Take a lower learning rate or a warmup, and keep gradient clipping on.")
{
    /// <summary>The same with the checkpoint that can be gone back to.</summary>
    /// <param name="path">The checkpoint.</param>
    public DivergedException With(string? path) => new(step, epoch, what, path);
}
