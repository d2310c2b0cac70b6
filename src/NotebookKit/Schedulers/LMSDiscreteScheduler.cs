using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>
/// A linear multistep method on the noise levels (k-diffusion's "LMS"; Adams and Bashforth 1883): the slopes of the last
/// steps are joined by a polynomial in σ, which is integrated to the next level.
/// </summary>
/// <param name="config">The model's noise schedule.</param>
public sealed class LMSDiscreteScheduler(SchedulerConfig config) : SigmaScheduler(config)
{
    // Gauss and Legendre's five nodes on [-1, 1]: exact up to degree nine.
    private static readonly (double Node, double Weight)[] Quadrature =
    [
        (0, 128 / 225.0),
        (0.5384693101056831, 0.47862867049936647), (-0.5384693101056831, 0.47862867049936647),
        (0.9061798459386640, 0.23692688505618908), (-0.9061798459386640, 0.23692688505618908),
    ];

    private StepMemory _slopes = new(4);
    private int _order = 4;

    /// <summary>How many slopes a step uses, 1 to 10; set it before <see cref="Scheduler.SetTimesteps"/>.</summary>
    public int Order
    {
        get => _order;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 10);
            _slopes.Clear();
            (_order, _slopes) = (value, new StepMemory(value));
        }
    }

    /// <inheritdoc/>
    public override Tensor Step(Tensor modelOutput, double timestep, Tensor sample, Tensor? noise = null)
    {
        using var scope = NewDisposeScope();
        var index = Advance(timestep);
        _slopes.Add(Slope(modelOutput, sample, Sigmas[index]));
        var result = sample;
        for (var back = 0; back < _slopes.Count; back++)
            result = result + _slopes[back] * Coefficient(index, back, _slopes.Count);
        return result.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    private protected override void Forget() => _slopes.Clear();

    // ∫ of the polynomial that is 1 at the level of one slope and 0 at those of the others.
    private double Coefficient(int index, int which, int count)
    {
        var (from, to) = (Sigmas[index], Sigmas[index + 1]);
        var integral = 0.0;
        foreach (var (node, weight) in Quadrature)
        {
            var at = (from + to) / 2 + node * (to - from) / 2;
            var value = 1.0;
            for (var other = 0; other < count; other++)
            {
                if (other != which)
                    value *= (at - Sigmas[index - other]) / (Sigmas[index - which] - Sigmas[index - other]);
            }

            integral += weight * value;
        }

        return integral * (to - from) / 2;
    }
}
