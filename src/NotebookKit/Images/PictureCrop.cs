namespace NotebookKit.Images;

/// <summary>A training picture's way into its bucket: resized until it covers it, then a part cut out.</summary>
/// <param name="Covering">The resized picture; one of its sides is the bucket's.</param>
/// <param name="Width">Pixels across of the bucket.</param>
/// <param name="Height">Pixels down of the bucket.</param>
public sealed record PictureCrop(RgbImage Covering, int Width, int Height)
{
    /// <summary>Resizes a picture for a bucket, with the rounding of torchvision's <c>Resize</c>.</summary>
    /// <param name="image">The picture, upright.</param>
    /// <param name="width">Pixels across of the bucket.</param>
    /// <param name="height">Pixels down of the bucket.</param>
    public static PictureCrop Of(RgbImage image, int width, int height)
    {
        var (across, down) = (long)width * image.Height >= (long)height * image.Width
            ? (width, Math.Max(height, (int)((double)width * image.Height / image.Width)))
            : (Math.Max(width, (int)((double)height * image.Width / image.Height)), height);
        return new PictureCrop(image.Resize(across, down, ResampleFilter.Bicubic), width, height);
    }

    /// <summary>The part at a place: 0.5 and 0.5 for the middle.</summary>
    /// <param name="x">From 0, the left edge, to 1, the right.</param>
    /// <param name="y">From 0, the upper edge, to 1, the lower.</param>
    public RgbImage At(double x = 0.5, double y = 0.5) =>
        Covering.Crop(Place(Covering.Width - Width, x), Place(Covering.Height - Height, y), Width, Height);

    private static int Place(int room, double share) => (int)Math.Round(room * share, MidpointRounding.ToEven);
}
