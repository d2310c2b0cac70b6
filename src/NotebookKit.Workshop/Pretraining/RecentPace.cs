
namespace NotebookKit.Workshop.Pretraining;

/// <summary>
/// How fast training goes now: over the last minutes of this call. The mean over all calls would tell of a load that was
/// there yesterday.
/// </summary>
internal sealed class RecentPace
{
    private const double Window = 180;
    private readonly Queue<(long Steps, double Seconds)> _marks = [];

    /// <summary>Starts to measure.</summary>
    /// <param name="steps">Updates that earlier calls have done.</param>
    /// <param name="seconds">Seconds that they took.</param>
    public RecentPace(long steps, double seconds) => _marks.Enqueue((steps, seconds));

    /// <summary>Takes down where training stands.</summary>
    /// <param name="steps">Updates done, earlier calls counted in.</param>
    /// <param name="seconds">Seconds trained, earlier calls counted in.</param>
    /// <returns>Updates per second; 0 while nothing is known.</returns>
    public double Mark(long steps, double seconds)
    {
        _marks.Enqueue((steps, seconds));
        while (_marks.Count > 2 && seconds - _marks.Peek().Seconds > Window)
            _marks.Dequeue();
        var first = _marks.Peek();
        return seconds > first.Seconds ? (steps - first.Steps) / (seconds - first.Seconds) : 0;
    }
}
