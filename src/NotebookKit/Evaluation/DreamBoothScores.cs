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
        return embedder.Embed(generated).mm(embedder.Embed(photos).transpose(0, 1)).mean().item<float>();
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

    /// <summary>
    /// The standard error of <see cref="SubjectFidelity"/> and <see cref="Pres"/>: how far they would move with pictures
    /// from other seeds. It halves with four times as many pictures.
    /// </summary>
    /// <param name="generated">At least two pictures.</param>
    /// <param name="photos">The subject's photos.</param>
    /// <exception cref="ArgumentException">There are fewer than two.</exception>
    public double SubjectFidelityError(IReadOnlyList<RgbImage> generated, IReadOnlyList<RgbImage> photos)
    {
        ArgumentNullException.ThrowIfNull(generated);
        Require(generated, 2);
        using var scope = NewDisposeScope();
        var each = embedder.Embed(generated).mm(embedder.Embed(photos).transpose(0, 1)).mean([1]);  // (generated)
        return Math.Sqrt((each - each.mean()).square().sum().item<float>() / (generated.Count * (generated.Count - 1.0)));
    }

    /// <summary>
    /// The standard error of <see cref="Diversity"/>, by the jackknife (Efron and Stein 1981): leave out each picture in
    /// turn, and see how far the measure moves.
    /// </summary>
    /// <param name="pictures">At least three pictures drawn for the same prompt.</param>
    /// <exception cref="ArgumentException">There are fewer than three.</exception>
    public double DiversityError(IReadOnlyList<RgbImage> pictures)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        Require(pictures, 3);
        using var scope = NewDisposeScope();
        var n = (double)pictures.Count;
        var vectors = embedder.Embed(pictures);
        var ofEach = vectors.mm(vectors.transpose(0, 1)).sum(1) - vectors.square().sum(1);          // (pictures), its pairs
        var without = (ofEach.sum() - (2 * ofEach)) / ((n - 1) * (n - 2));                              // each picture left out
        return Math.Sqrt((n - 1) / n * (without - without.mean()).square().sum().item<float>());
    }

    /// <summary>The mean cosine of all pairs of different pictures: for the subject's photos, what a perfect copy would score.</summary>
    /// <param name="pictures">At least two pictures.</param>
    /// <exception cref="ArgumentException">There are fewer than two.</exception>
    public double AmongThemselves(IReadOnlyList<RgbImage> pictures)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        Require(pictures, 2);
        using var scope = NewDisposeScope();
        var vectors = embedder.Embed(pictures);
        var cosines = vectors.mm(vectors.transpose(0, 1));
        return (cosines.sum().item<float>() - cosines.diagonal().sum().item<float>()) / (pictures.Count * (pictures.Count - 1.0));
    }

    private static void Require(IReadOnlyList<RgbImage> pictures, int least)
    {
        if (pictures.Count < least)
            throw new ArgumentException($"{pictures.Count} pictures have too few others to be compared with; give at least {least}.",
                nameof(pictures));
    }
}
