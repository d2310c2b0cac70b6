using NotebookKit.Training.Settings;

namespace NotebookKit.Training;

/// <summary>
/// What can be turned while a run trains, from any thread: the prior loss weight and the learning rate's factor. A turn
/// counts from the next step on, stands in the log, the card and the checkpoints, and is repeated with them.
/// </summary>
public sealed class LiveKnobs
{
    private readonly Lock _gate = new();
    private double? _priorLossWeight;
    private double? _rateFactor;

    /// <summary>Turns the prior loss weight; of several turns before the next step the last counts.</summary>
    /// <param name="weight">0 or more.</param>
    /// <exception cref="BadInputException">It is negative or no number.</exception>
    public void TurnPriorLossWeight(double weight)
    {
        if (!(weight >= 0 && double.IsFinite(weight)))
            throw new BadInputException(FormattableString.Invariant($"A prior loss weight must be 0 or more, not {weight}."));
        lock (_gate)
            _priorLossWeight = weight;
    }

    /// <summary>Multiplies the schedule's learning rates; of several turns before the next step the last counts.</summary>
    /// <param name="factor">0 or more; 1 is the schedule's own.</param>
    /// <exception cref="BadInputException">It is negative or no number.</exception>
    public void TurnRate(double factor)
    {
        if (!(factor >= 0 && double.IsFinite(factor)))
            throw new BadInputException(FormattableString.Invariant($"A learning rate's factor must be 0 or more, not {factor}."));
        lock (_gate)
            _rateFactor = factor;
    }

    /// <summary>What was turned since the last call, as a turn of the step that comes next; null where nothing was.</summary>
    internal KnobTurn? Take(int step)
    {
        lock (_gate)
        {
            var turn = _priorLossWeight is null && _rateFactor is null ? null : new KnobTurn(step, _priorLossWeight, _rateFactor);
            (_priorLossWeight, _rateFactor) = (null, null);
            return turn;
        }
    }
}
