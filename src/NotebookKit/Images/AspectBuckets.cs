namespace NotebookKit.Images;

/// <summary>
/// The picture sizes of a training run: rectangles of about the same area, so that a portrait need not be cut to a square.
/// All sides are multiples of one step, as the UNet halves its input several times.
/// </summary>
public sealed class AspectBuckets
{
    // Sides run from half the size to twice the size, as in kohya's and NovelAI's tools.
    private const int Range = 2;

    /// <summary>The buckets for a size.</summary>
    /// <param name="size">Side of the square bucket; no bucket has a larger area.</param>
    /// <param name="step">Every side is a multiple of this: 64 for Stable Diffusion 1.5, 8 × the VAE's factor in general.</param>
    public AspectBuckets(int size, int step)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        var sizes = new HashSet<(int Width, int Height)> { (size, size) };
        for (var width = Math.Max(step, size / Range / step * step); size % step == 0 && width <= size * Range; width += step)
        {
            var height = Math.Min(size * Range, size * size / width / step * step);
            if (height >= Math.Max(step, size / Range))
                sizes.UnionWith([(width, height), (height, width)]);
        }

        Sizes = [.. sizes.OrderBy(bucket => bucket.Width).ThenBy(bucket => bucket.Height)];
    }

    /// <summary>Every bucket, the narrowest first. A size that is no multiple of the step has the square alone.</summary>
    public IReadOnlyList<(int Width, int Height)> Sizes { get; }

    /// <summary>The bucket whose shape is nearest to a picture's; of two as near, the larger.</summary>
    /// <param name="width">The picture's pixels across, upright.</param>
    /// <param name="height">The picture's pixels down.</param>
    public (int Width, int Height) For(int width, int height)
    {
        var shape = Math.Log((double)width / height);
        return Sizes
            .OrderBy(bucket => Math.Round(Math.Abs(Math.Log((double)bucket.Width / bucket.Height) - shape), 9))
            .ThenByDescending(bucket => bucket.Width * bucket.Height)
            .First();
    }
}
