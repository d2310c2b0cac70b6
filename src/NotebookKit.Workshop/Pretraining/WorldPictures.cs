using NotebookKit.Workshop.World;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>
/// Stage 1: the scenes of a run and their pictures, painted by every core. Both follow from the seed alone and paint
/// faster than they load, so they are made anew by each call that needs them and never stored.
/// </summary>
internal static class WorldPictures
{
    private const int Piece = 4096;


    /// <summary>Paints scenes into one byte tensor, (N, 3, S, S).</summary>
    /// <param name="scenes">What to paint.</param>
    /// <param name="size">Side in pixels.</param>
    /// <param name="cancel">Stops between two pictures.</param>
    public static Tensor Paint(IReadOnlyList<Scene> scenes, int size, CancellationToken cancel)
    {
        var pieces = new List<Tensor>();
        var plane = size * size;
        for (var from = 0; from < scenes.Count; from += Piece)
        {
            var count = Math.Min(Piece, scenes.Count - from);
            var bytes = new byte[count * 3 * plane];
            var first = from;
            Parallel.For(0, count, new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = Environment.ProcessorCount },
                i =>
                Planar(Painter.PaintRgb(scenes[first + i], size), bytes.AsSpan(i * 3 * plane, 3 * plane)));
            pieces.Add(tensor(bytes, [count, 3, size, size]));
        }
        var all = cat(pieces, 0);
        pieces.ForEach(p => p.Dispose());
        return all;
    }

    /// <summary>Bytes to what the VAE reads: float32 in [-1, 1].</summary>
    public static Tensor ToModel(Tensor bytes) => bytes.to(ScalarType.Float32).div_(127.5).sub_(1);

    private static void Planar(byte[] pixels, Span<byte> planes)
    {
        var plane = pixels.Length / 3;
        for (var i = 0; i < plane; i++)
        {
            planes[i] = pixels[3 * i];
            planes[plane + i] = pixels[(3 * i) + 1];
            planes[(2 * plane) + i] = pixels[(3 * i) + 2];
        }
    }
}
