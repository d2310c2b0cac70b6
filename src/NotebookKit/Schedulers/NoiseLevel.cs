
namespace NotebookKit.Schedulers;

/// <summary>A noise level: a sample there is α·x₀ + σ·ε. Samplers that preserve the variance have α² + σ² = 1, those of k-diffusion α =
/// 1.</summary>
/// <param name="Alpha">How much of the picture is left.</param>
/// <param name="Sigma">How much noise there is.</param>
internal readonly record struct NoiseLevel(double Alpha, double Sigma)
{
    /// <summary>λ = log(α/σ), in which the solvers think (Lu et al. 2022).</summary>
    public double Lambda => Math.Log(Alpha) - Math.Log(Sigma);

    /// <summary>√(α² + σ²): what a sample is divided by before the model sees it.</summary>
    public double Scale => Math.Sqrt(Alpha * Alpha + Sigma * Sigma);

    /// <summary>The variance-preserving level of a ratio σ/α.</summary>
    public static NoiseLevel OfRatio(double ratio)
    {
        var alpha = 1 / Math.Sqrt(ratio * ratio + 1);
        return new NoiseLevel(alpha, ratio * alpha);
    }
}
