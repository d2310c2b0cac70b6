namespace NotebookKit.Training.Runs;

/// <summary>A loss over the last twenty steps or so: of one step it says more about the timesteps than about the model.</summary>
internal sealed class SmoothedLoss
{
    // What the last step does not change.
    private const double Kept = 0.95;

    private double _sum;
    private double _weight;

    /// <summary>The smoothed value; null before the first.</summary>
    public double? Value => _weight > 0 ? _sum / _weight : null;

    /// <summary>Takes a step's value in; a step without one changes nothing.</summary>
    public void Add(double? value)
    {
        if (value is not { } now)
            return;
        _sum = (Kept * _sum) + ((1 - Kept) * now);
        _weight = (Kept * _weight) + (1 - Kept);
    }
}
