using static TorchSharp.torch;

namespace NotebookKit.Models;

/// <summary>
/// Works on a large picture in tiles that overlap by a quarter. In the overlaps the results are blended by weights that
/// rise evenly from one tile to the other, so that no seam shows (the idea of diffusers' <c>tiled_decode</c>); the
/// outermost quarter of an overlap, which the padding at the tile's border has reached, is left out.
/// </summary>
/// <param name="side">Latents a side of a tile.</param>
/// <param name="inScale">Numbers of the input for each latent along a side: 1 for latents, the VAE's factor for pictures.</param>
/// <param name="outScale">The same of the output.</param>
internal sealed class VaeTiles(int side, int inScale, int outScale)
{
    private int Overlap => Math.Max(1, side / 4);

    /// <summary>Applies a function tile by tile.</summary>
    /// <param name="input">(1, C, h·in, w·in).</param>
    /// <param name="apply">(1, C, n·in, m·in) to (1, D, n·out, m·out).</param>
    /// <returns>(1, D, h·out, w·out).</returns>
    public Tensor Apply(Tensor input, Func<Tensor, Tensor> apply)
    {
        using var scope = NewDisposeScope();
        var (height, width) = (input.shape[2] / inScale, input.shape[3] / inScale);
        Tensor? sum = null;
        Tensor? weights = null;
        foreach (var top in Starts(height))
        {
            foreach (var left in Starts(width))
            {
                using var tile = NewDisposeScope();
                var (down, across) = (Math.Min(side, height - top), Math.Min(side, width - left));
                var result = apply(input.narrow(2, top * inScale, down * inScale).narrow(3, left * inScale, across * inScale));
                sum ??= zeros([1, result.shape[1], height * outScale, width * outScale], result.dtype, result.device)
                    .MoveToOuterDisposeScope();
                weights ??= zeros([1, 1, height * outScale, width * outScale], result.dtype, result.device).MoveToOuterDisposeScope();
                var weight = (Ramp(top, down, height).view(1, 1, -1, 1) * Ramp(left, across, width).view(1, 1, 1, -1)).to(result.dtype,
                    result.device);
                Part(sum, top, down, left, across).add_(result * weight);
                Part(weights, top, down, left, across).add_(weight);
            }
        }

        return (sum! / weights!).MoveToOuterDisposeScope();
    }

    // Where the tiles begin: evenly from one border to the other, overlapping by a quarter at least.
    private IEnumerable<long> Starts(long length)
    {
        if (length <= side)
            return [0];
        var count = (length - Overlap + side - Overlap - 1) / (side - Overlap);
        return Enumerable.Range(0, (int)count).Select(i => i * (length - side) / (count - 1));
    }

    // Rises over the middle of the overlap from a border that another tile lies beyond, falls towards one likewise.
    private Tensor Ramp(long start, long length, long whole)
    {
        var (count, margin) = (length * outScale, Overlap / 4 * outScale);
        var rise = (float)(Overlap * outScale - 2 * margin);
        var weights = new float[count];
        for (var i = 0; i < count; i++)
        {
            var before = start > 0 ? Math.Clamp((i + 0.5f - margin) / rise, 0, 1) : 1;
            var after = start + length < whole ? Math.Clamp((count - i - 0.5f - margin) / rise, 0, 1) : 1;
            weights[i] = before * after;
        }

        return tensor(weights);
    }

    private Tensor Part(Tensor output, long top, long down, long left, long across) =>
        output.narrow(2, top * outScale, down * outScale).narrow(3, left * outScale, across * outScale);
}
