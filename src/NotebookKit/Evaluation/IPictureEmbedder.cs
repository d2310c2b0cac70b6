using NotebookKit.Images;
using static TorchSharp.torch;

namespace NotebookKit.Evaluation;

/// <summary>
/// Turns pictures into vectors whose cosines say how alike the pictures' subjects are. DreamBooth's paper uses DINO and
/// CLIP; here it is the kit's <see cref="Probe"/> for the toy world, or CLIP's image encoder
/// (<see cref="ClipImageEmbedder"/>) for real pictures where the learner has its weights.
/// </summary>
public interface IPictureEmbedder : IDisposable
{
    /// <summary>What stands in reports: "probe" or "CLIP".</summary>
    string Name { get; }

    /// <summary>The vectors of pictures of any size.</summary>
    /// <param name="pictures">N pictures.</param>
    /// <returns>(N, D), each row of unit length.</returns>
    Tensor Embed(IReadOnlyList<RgbImage> pictures);
}
