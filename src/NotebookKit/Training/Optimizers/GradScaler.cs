using TorchSharp.Modules;
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

    /// <summary>
    /// Divides the gradients and adapts the scale. Call it once before clipping and the optimizer's step.
    /// </summary>
    /// <param name="parameters">What is trained.</param>
    /// <returns>False when a gradient is infinite or no number: leave the step out.</returns>
    public bool Unscale(IEnumerable<Parameter> parameters)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var gradients = parameters.Select(parameter => parameter.grad).OfType<Tensor>().ToList();
        // x · 0 is 0 for every number, and no number for inf and nan: one sum tells for all of them.
        var sums = gradients.Select(gradient => gradient.mul(0).sum().to(ScalarType.Float32)).ToList();
        var finite = sums.Count == 0 || stack(sums).sum().item<float>() == 0;
        if (finite)
        {
            foreach (var gradient in gradients)
                gradient.div_(Scale);
            if (++_good >= growthInterval)
                (Scale, _good) = (Scale * Growth, 0);
        }
        else
        {
            (Scale, _good) = (Scale * Backoff, 0);
            Skipped++;
        }

        return finite;
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
        if (!saved.TryGetValue("scale", out var scale) || !saved.TryGetValue("growth_tracker", out var good) || !saved.TryGetValue("skipped", out var skipped))
            throw new BadInputException("The loss scaler's state lacks 'scale', 'growth_tracker' or 'skipped'; it is not one.");
        (Scale, _good, Skipped) = (scale.item<double>(), (int)good.item<long>(), (int)skipped.item<long>());
    }
}
