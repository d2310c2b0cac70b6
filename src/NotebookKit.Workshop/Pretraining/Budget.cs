
namespace NotebookKit.Workshop.Pretraining;

/// <summary>How long a stage may go on: by updates, by the clock, or by whichever comes first. Schedules follow its
/// <see cref="Progress"/>.</summary>
/// <param name="Steps">Updates of all workers together.</param>
/// <param name="Seconds">Seconds of training, earlier calls counted in; infinite when only the updates decide.</param>
internal sealed record Budget(long Steps, double Seconds)
{
    /// <summary>The share of the budget that is used, from 0 to 1.</summary>
    public double Progress(long step, double seconds) => Math.Min(1, Math.Max(step / (double)Steps, seconds / Seconds));

    /// <summary>Seconds that are left: to the clock's end, or to the last update at a pace, whichever comes first; null while no pace is
    /// known and the clock does not decide.</summary>
    /// <param name="step">Updates done.</param>
    /// <param name="seconds">Seconds trained.</param>
    /// <param name="pace">Updates per second now; 0 while unknown.</param>
    public double? Left(long step, double seconds, double pace)
    {
        var left = Math.Min(Seconds - seconds, pace > 0 ? (Steps - step) / pace : double.PositiveInfinity);
        return double.IsFinite(left) ? Math.Max(0, left) : null;
    }
}
