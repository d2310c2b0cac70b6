using NotebookKit.Images;
using static TorchSharp.torch;

namespace NotebookKit.Evaluation;

/// <summary>
/// The measures of DreamBooth (Ruiz et al. 2022, sections 4.2 and 4.3, and the appendix on prior preservation), each a
/// mean of cosines between pictures' vectors. The paper takes DINO's vectors; what an embedder other than DINO gives has
/// the same meaning but not the same scale, so figures compare only within one embedder.
/// </summary>
/// <param name="embedder">What turns pictures into vectors.</param>
public sealed class DreamBoothScores(IPictureEmbedder embedder)
{
    /// <summary>
    /// Subject fidelity (the paper's DINO and CLIP-I columns): the mean cosine of every generated picture with every photo
    /// of the subject. 1 is the most; what the photos score among themselves (<see cref="AmongThemselves"/>) is the goal.
    /// </summary>
    /// <param name="generated">Pictures drawn for prompts with the identifier.</param>
    /// <param name="photos">The subject's photos.</param>
    public double SubjectFidelity(IReadOnlyList<RgbImage> generated, IReadOnlyList<RgbImage> photos)
    {
        using var scope = NewDisposeScope();
        return embedder.Embed(generated).matmul(embedder.Embed(photos).transpose(0, 1)).mean().item<float>();
    }

    /// <summary>
    /// PRES: the mean cosine of pictures drawn for the class word alone ("a photo of a toy") with the subject's photos.
    /// It rises as the class turns into the subject: language drift. Compare it with what the untouched base scores.
    /// </summary>
    /// <param name="ofTheClass">Pictures drawn for a prompt without the identifier.</param>
    /// <param name="photos">The subject's photos.</param>
    public double Pres(IReadOnlyList<RgbImage> ofTheClass, IReadOnlyList<RgbImage> photos) => SubjectFidelity(ofTheClass, photos);

    /// <summary>
    /// DIV: how much pictures drawn for one prompt differ, the mean of 1 − cosine over all pairs. The paper takes the
    /// pairs' LPIPS distance instead; both are 0 when all pictures are one.
    /// </summary>
    /// <param name="pictures">At least two pictures drawn for the same prompt.</param>
    public double Diversity(IReadOnlyList<RgbImage> pictures) => 1 - AmongThemselves(pictures);

    /// <summary>The mean cosine of all pairs of different pictures: for the subject's photos, what a perfect copy would score.</summary>
    /// <param name="pictures">At least two pictures.</param>
    /// <exception cref="ArgumentException">There are fewer than two.</exception>
    public double AmongThemselves(IReadOnlyList<RgbImage> pictures)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        if (pictures.Count < 2)
            throw new ArgumentException("One picture has no other to be compared with; give at least two.", nameof(pictures));
        using var scope = NewDisposeScope();
        var vectors = embedder.Embed(pictures);
        var cosines = vectors.matmul(vectors.transpose(0, 1));
        return (cosines.sum().item<float>() - cosines.diagonal().sum().item<float>()) / (pictures.Count * (pictures.Count - 1.0));
    }
}
