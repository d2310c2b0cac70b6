
namespace NotebookKit.Workshop.Pretraining;

/// <summary>What a run has finished and measured, as kept in its work folder.</summary>
internal sealed record PretrainState
{
    /// <summary>The preset's name.</summary>
    public required string Preset { get; init; }

    /// <summary>The run's seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The model that the run went on from; null: from nothing.</summary>
    public string? From { get; init; }

    /// <summary>What the run's captions hash to; empty before they are first written.</summary>
    public string Captions { get; init; } = "";

    /// <summary>The finished VAE; null before.</summary>
    public VaeFigures? Vae { get; init; }

    /// <summary>The finished contrastive stage; null before.</summary>
    public ContrastiveFigures? Contrastive { get; init; }

    /// <summary>Figures of the denoiser, one entry per checkpoint.</summary>
    public IReadOnlyList<DenoiserFigures> Denoiser { get; init; } = [];

    /// <summary>The sharpened decoder; null before.</summary>
    public DecoderFigures? Decoder { get; init; }

    /// <summary>Seconds that painting and encoding took, over all calls.</summary>
    public double PreparingSeconds { get; init; }
}

/// <summary>What is known of the VAE.</summary>
/// <param name="Seconds">Seconds of training.</param>
/// <param name="Steps">Updates.</param>
/// <param name="Pictures">Pictures seen.</param>
/// <param name="Psnr">Peak signal-to-noise ratio, dB, held-out pictures.</param>
/// <param name="ScalingFactor">What brings the latents to unit variance.</param>
public sealed record VaeFigures(double Seconds, long Steps, long Pictures, double Psnr, double ScalingFactor);

/// <summary>What is known of the contrastive stage.</summary>
/// <param name="Seconds">Seconds of training.</param>
/// <param name="Steps">Updates.</param>
/// <param name="Recall">The share of held-out pictures whose own caption is the nearest.</param>
/// <param name="Among">Among how many captions.</param>
public sealed record ContrastiveFigures(double Seconds, long Steps, double Recall, int Among);

/// <summary>Where the denoiser stood at a checkpoint.</summary>
/// <param name="Seconds">Seconds of training.</param>
/// <param name="Steps">Updates.</param>
/// <param name="Pictures">Pictures seen.</param>
/// <param name="Loss">Mean weighted loss since the report before.</param>
/// <param name="Class">The swapped-caption measure for the class.</param>
/// <param name="Color">For the colour.</param>
/// <param name="Background">For the background.</param>
public sealed record DenoiserFigures(double Seconds, long Steps, long Pictures, double Loss, SwapShare Class, SwapShare Color,
    SwapShare Background);

/// <summary>One line of the swapped-caption measure.</summary>
/// <param name="Share">How often the true caption gives the smaller error; 0.5 is chance.</param>
/// <param name="Gain">By how many percent the wrong caption's error is larger.</param>
public sealed record SwapShare(double Share, double Gain);

/// <summary>What is known of the decoder that went on learning alone.</summary>
/// <param name="Seconds">Seconds of training.</param>
/// <param name="Steps">Updates.</param>
/// <param name="Pictures">Pictures seen.</param>
/// <param name="Psnr">Peak signal-to-noise ratio of the VAE with it, dB, held-out pictures.</param>
public sealed record DecoderFigures(double Seconds, long Steps, long Pictures, double Psnr);
