namespace NotebookKit.ToyWorld.Pretraining;

/// <summary>How long a stage may go on: by updates, by the clock, or by whichever comes first. Schedules follow its <see cref="Progress"/>.</summary>
/// <param name="Steps">Updates of all workers together.</param>
/// <param name="Seconds">Seconds of training, earlier calls counted in; infinite when only the updates decide.</param>
internal sealed record Budget(long Steps, double Seconds)
{
    /// <summary>The share of the budget that is used, from 0 to 1.</summary>
    public double Progress(long step, double seconds) => Math.Min(1, Math.Max(step / (double)Steps, seconds / Seconds));
}
