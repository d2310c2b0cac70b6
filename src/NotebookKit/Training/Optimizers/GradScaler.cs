using static TorchSharp.torch;

namespace NotebookKit.Training.Optimizers;

/// <summary>
/// Loss scaling for float16 (Micikevicius et al. 2018, "Mixed Precision Training"): small gradients would become zero in
/// half precision, so the loss is multiplied before backward and the gradients are divided after. A step whose gradients
/// overflow is left out and the scale halved; after enough good steps it is doubled. The numbers are those of torch's
/// <c>GradScaler</c>.
/// </summary>
/// <param name="initialScale">The first factor.</param>
/// <param name="growthInterval">Good steps in a row after which the scale is doubled.</param>
public sealed class GradScaler(double initialScale = 65536, int growthInterval = 2000)
{
    private const double Growth = 2;
    private const double Backoff = 0.5;
    private int _good;

    /// <summary>What the loss is multiplied by.</summary>
    public double Scale { get; private set; } = initialScale;

    /// <summary>How many steps were left out so far.</summary>
    public int Skipped { get; private set; }

    /// <summary>The loss to call backward on.</summary>
    public Tensor Of(Tensor loss) => loss * Scale;

    /// <summary>Adapts the scale; once for each step, before the optimizer's.</summary>
    /// <param name="norm">The length of the gradients as they are, scaled.</param>
    /// <returns>What to multiply the gradients by; null where they have overflowed: leave the step out.</returns>
    public double? Update(double norm)
    {
        if (!double.IsFinite(norm))
        {
            (Scale, _good) = (Scale * Backoff, 0);
            Skipped++;
            return null;
        }

        var factor = 1 / Scale;
        if (++_good >= growthInterval)
            (Scale, _good) = (Scale * Growth, 0);
        return factor;
    }

    /// <summary>The state as tensors: <c>scale</c>, <c>growth_tracker</c>, <c>skipped</c>.</summary>
    public Dictionary<string, Tensor> SaveState() => new()
    {
        ["scale"] = tensor(Scale, ScalarType.Float64),
        ["growth_tracker"] = tensor((long)_good),
        ["skipped"] = tensor((long)Skipped),
    };

    /// <summary>Goes on from what <see cref="SaveState"/> gave.</summary>
    /// <param name="saved">Read.</param>
    /// <exception cref="BadInputException">A value is missing.</exception>
    public void LoadState(IReadOnlyDictionary<string, Tensor> saved)
    {
        if (!saved.TryGetValue("scale", out var scale) || !saved.TryGetValue("growth_tracker", out var good)
            || !saved.TryGetValue("skipped", out var skipped))
            throw new BadInputException("The loss scaler's state lacks 'scale', 'growth_tracker' or 'skipped'; it is not one.");
        (Scale, _good, Skipped) = (scale.item<double>(), (int)good.item<long>(), (int)skipped.item<long>());
    }
}
