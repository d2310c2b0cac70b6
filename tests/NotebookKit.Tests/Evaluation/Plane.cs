using NotebookKit.Evaluation;
using NotebookKit.Images;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Evaluation;

/// <summary>An embedder whose vectors are known: pictures of 8 × 8 lie along one axis, of 16 × 8 along the other, all
/// else between them.</summary>
internal sealed class Plane : IPictureEmbedder
{
    public string Name => "plane";

    public Tensor Embed(IReadOnlyList<RgbImage> pictures) =>
        tensor(pictures.SelectMany(p => (p.Width, p.Height) switch { (8, 8) => new[] { 1f, 0 }, (16, 8) => [0, 1], _ => [0.6f, 0.8f] })
            .ToArray(), [pictures.Count, 2L]);

    public void Dispose()
    {
    }
}
