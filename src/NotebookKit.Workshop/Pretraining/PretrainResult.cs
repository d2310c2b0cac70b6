
namespace NotebookKit.Workshop.Pretraining;

/// <summary>Where a run stands after a call.</summary>
/// <param name="Finished">The whole budget is used; false when it was stopped before.</param>
/// <param name="Output">The exported folder.</param>
/// <param name="Seconds">Seconds of this call.</param>
/// <param name="Vae">Figures of the VAE, null before it is finished.</param>
/// <param name="Contrastive">Figures of the contrastive stage, null before it is finished.</param>
/// <param name="Denoiser">Figures of the last checkpoint, null before the first.</param>
/// <param name="Decoder">Figures of the sharpened decoder, null before it is finished.</param>
/// <param name="WeightBytes">Bytes of the exported weights.</param>
public sealed record PretrainResult(
    bool Finished, string Output, double Seconds, VaeFigures? Vae, ContrastiveFigures? Contrastive, DenoiserFigures? Denoiser,
    DecoderFigures? Decoder, long WeightBytes);

/// <summary>A line of progress.</summary>
/// <param name="Stage">prepare, paint, vae, encode, contrastive, denoiser, decoder or stopped.</param>
/// <param name="Share">The share of the stage that is done, from 0 to 1.</param>
/// <param name="Text">What there is to say.</param>
public sealed record PretrainProgress(string Stage, double Share, string Text);
