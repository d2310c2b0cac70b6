namespace NotebookKit.Training.Settings;

/// <summary>A change of what may be changed while a run trains, from one step on: what is null stays as it is.</summary>
/// <param name="Step">The first step that it counts for, from 0.</param>
/// <param name="PriorLossWeight">How much class images count from then on; any course over the epochs ends.</param>
/// <param name="RateFactor">What the schedule's learning rates are multiplied by from then on.</param>
public sealed record KnobTurn(int Step, double? PriorLossWeight = null, double? RateFactor = null)
{
    /// <summary>The change in words.</summary>
    public override string ToString() => FormattableString.Invariant($"from step {Step + 1} on: ") + string.Join(", ", Parts());

    private IEnumerable<string> Parts()
    {
        if (PriorLossWeight is { } weight)
            yield return FormattableString.Invariant($"prior loss weight {weight:0.####}");
        if (RateFactor is { } factor)
            yield return FormattableString.Invariant($"learning rate × {factor:0.####}");
    }
}
