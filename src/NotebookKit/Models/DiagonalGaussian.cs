using static TorchSharp.torch;

namespace NotebookKit.Models;

/// <summary>
/// What the VAE's encoder says about a picture: a mean and a log variance for each latent number, independent of each
/// other (diffusers' <c>DiagonalGaussianDistribution</c>).
/// </summary>
public sealed class DiagonalGaussian
{
    /// <summary>Splits the encoder's output.</summary>
    /// <param name="moments">(B, 2·C, h, w): means, then log variances.</param>
    public DiagonalGaussian(Tensor moments)
    {
        ArgumentNullException.ThrowIfNull(moments);
        var halves = moments.chunk(2, 1);
        Moments = moments;
        Mean = halves[0];
        LogVar = halves[1].clamp(-30.0, 20.0);
    }

    /// <summary>(B, 2·C, h, w): the encoder's output as it is.</summary>
    public Tensor Moments { get; }

    /// <summary>(B, C, h, w).</summary>
    public Tensor Mean { get; }

    /// <summary>(B, C, h, w), clamped to [-30, 20].</summary>
    public Tensor LogVar { get; }

    /// <summary>(B, C, h, w): exp(LogVar / 2).</summary>
    public Tensor Std => (LogVar * 0.5).exp();

    /// <summary>The likeliest latents: the mean.</summary>
    public Tensor Mode => Mean;

    /// <summary>Draws latents: mean + std·noise.</summary>
    /// <param name="generator">Where the noise comes from; torch's own generator when null.</param>
    /// <returns>(B, C, h, w).</returns>
    public Tensor Sample(Generator? generator = null)
    {
        // Drawn on the CPU and then moved, so that a seed gives the same latents on every device.
        var noise = randn(Mean.shape, ScalarType.Float32, CPU, generator: generator);
        return Sample(noise.to(Mean.dtype, Mean.device));
    }

    /// <summary>Latents for given noise: mean + std·noise.</summary>
    /// <param name="noise">(B, C, h, w), standard normal.</param>
    /// <returns>(B, C, h, w).</returns>
    public Tensor Sample(Tensor noise) => Mean + Std * noise;

    /// <summary>Kullback-Leibler divergence from the standard normal, summed over each picture's latents.</summary>
    /// <returns>(B).</returns>
    public Tensor Kl() => 0.5 * (Mean.square() + LogVar.exp() - 1.0 - LogVar).sum([1L, 2L, 3L]);
}
